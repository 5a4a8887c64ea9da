import type { Key } from "../codec.ts";
import type { CurrentCall } from "./cancellation.ts";
import type { Chain } from "./singleton_messages.ts";
import type { CallOptions } from "./call_options.ts";
import { type Remote, type Target, targetOf } from "./remote.ts";
import type { AnySpec, ChildContext, ChildSpec } from "./spec.ts";

/** How an instance makes calls. */
export interface InstanceCalls {
  /** Makes a remote; each of its calls carries what `chain` returns at that moment. */
  name(key: Key, spec: AnySpec, args: readonly unknown[], chain: () => Chain): object;
  /** Makes one call that carries `chain`. */
  call(
    target: Target,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    chain: Chain,
  ): Promise<unknown>;
}

/** The context of an instance; its calls carry the chain of the singletons that wait for it. */
export function contextOf(
  own: Omit<ChildContext, "name" | "call" | "current">,
  instanceCalls: InstanceCalls,
  chain: () => Chain,
  current: () => CurrentCall | null,
): ChildContext {
  const call = async (
    remote: object,
    method: string,
    args: readonly unknown[] = [],
    options: CallOptions = {},
  ) => await instanceCalls.call(targetOf(remote, "call"), method, args, options, chain());
  return {
    ...own,
    get current() {
      return current();
    },
    name: <T extends object, A extends unknown[]>(key: Key, spec: ChildSpec<T, A>, ...args: A) =>
      instanceCalls.name(key, spec, args, chain) as Remote<T>,
    call: call as ChildContext["call"],
  };
}
