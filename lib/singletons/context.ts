import type { Key } from "../codec.ts";
import type { Chain } from "./bodies.ts";
import type { CallOptions } from "./call_options.ts";
import { type Remote, type Target, targetOf } from "./remote.ts";
import type { AnySpec, ChildContext, ChildSpec } from "./spec.ts";

/** How calls are made on behalf of others. */
export interface Calling {
  /** A remote, each of whose calls is part of what `chain` gives then. */
  name(key: Key, spec: AnySpec, args: readonly unknown[], chain: () => Chain): object;
  /** One call, as part of `chain`. */
  call(
    target: Target,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    chain: Chain,
  ): Promise<unknown>;
}

/** What an instance is told of itself; its calls carry the chain of those that wait for it. */
export function contextOf(
  own: Omit<ChildContext, "name" | "call">,
  calling: Calling,
  chain: () => Chain,
): ChildContext {
  return {
    ...own,
    name: <T extends object, A extends unknown[]>(key: Key, spec: ChildSpec<T, A>, ...args: A) =>
      calling.name(key, spec, args, chain) as Remote<T>,
    call: async (remote, method, args = [], options = {}) =>
      await calling.call(targetOf(remote, "call"), method, args, options, chain()),
  };
}
