import type { Key } from "../codec/key.ts";
import { isPlainObject } from "../codec/kinds.ts";
import { isSpecId } from "../codec/names.ts";
import { type OptionNames, refuseUnknown, refuseUnless } from "../options.ts";
import type { Pid } from "../paxos/register.ts";
import type { CurrentCall } from "./cancellation.ts";
import type { CallOptions } from "./call_options.ts";
import type { State } from "./state.ts";
import type { MethodArguments, MethodName, MethodOf, Remote } from "./remote.ts";

/** What an instance knows of itself, and how it calls others. */
export interface ChildContext {
  /** The key of the instance. */
  readonly key: Key;
  /** The process of the instance: values and locks bound to it end with the instance. */
  readonly pid: Pid;
  /** The fencing token of this instance: greater than that of every earlier one of this key. */
  readonly token: number;
  /**
   * Aborts when the instance ends; the instance must not act after that. The abort may come late if the
   * machine was asleep, but calls are refused as soon as the session's deadline has passed.
   */
  readonly signal: AbortSignal;
  /** The id of the node that runs the instance. */
  readonly node: string;
  /**
   * The call that is running now, and `null` outside of one. If calls overlap, it is known only until the first
   * `await` of a method, so read it before. A method that ends when the signal of its call aborts frees the instance
   * for the next call:
   *
   * ```ts
   * import type { ChildSpec } from "@synod/synod";
   *
   * const Fetcher: ChildSpec = {
   *   id: "fetcher",
   *   start: (context) => ({
   *     async text(url: string) {
   *       const signal = context.current?.signal;
   *       return await (await fetch(url, { signal })).text();
   *     },
   *   }),
   * };
   * ```
   */
  readonly current: CurrentCall | null;
  /**
   * A value that outlives this instance: what earlier instances of this key have left under `name` (1 to 200
   * characters), or `initial`. It is kept in the cluster, like the keys of `kv`, and only the present instance can
   * write it: each write is one round trip. To open it takes three.
   *
   * ```ts
   * import { singleton } from "@synod/synod";
   *
   * const Counter = singleton({
   *   id: "counter",
   *   start: async (context) => {
   *     const count = await context.state("count", 0);
   *     return { inc: () => count.update((n) => n + 1) };
   *   },
   * });
   * ```
   *
   * Rejects with a `SynodError`: `session_lost` (the instance has ended, or another one has taken its place: then this
   * one ends), `full`. Throws a `TypeError` for a name or value that cannot be kept, or a key that is too long.
   */
  state<T>(name: string, initial: T): Promise<State<T>>;
  /**
   * Ends this instance. If it is still starting, the calls that wait for it reject with `reason`. With `forget` the
   * states that it has opened, or begun to open, end with it, and the next instance begins without them: it resolves
   * when that is so. Rejects with a `SynodError` `session_lost` if the session of its node ends before, or another
   * instance has taken its place: then some states may be left.
   */
  exit(reason?: unknown, options?: ExitOptions): Promise<void>;
  /**
   * As `node.name`, for calls that the running call of this instance waits for. A call that would wait for
   * itself, directly or in a cycle, rejects at once with a `SynodError` `deadlock`. Work outside a call, in a
   * timer for example, uses `node` for its calls.
   */
  name<T extends object, A extends unknown[]>(
    key: Key,
    spec: ChildSpec<T, A>,
    ...args: A
  ): Remote<T>;
  /**
   * As `node.call`, with {@linkcode name}'s check for `deadlock`; also for a remote that `node.name` made.
   */
  call<R extends object, M extends MethodName<R>>(
    remote: R,
    method: M,
    ...rest: MethodArguments<R, M, [options?: CallOptions]>
  ): ReturnType<MethodOf<R, M>>;
}

/** Options of an instance's `exit`. */
export interface ExitOptions {
  /** Whether the states of the instance are removed. Default: `false`. */
  forget?: boolean;
}

/** How to run a singleton; must be the same on every node that can host it. */
export interface ChildSpec<T extends object = object, A extends unknown[] = never[]> {
  /** The name of the spec in the cluster: 1 to 200 characters. */
  readonly id: string;
  /** Makes the instance. An error that it throws reaches every call that waits. */
  start(context: ChildContext, ...args: A): T | PromiseLike<T>;
  /**
   * Called when the instance ends gracefully, after the context's signal has aborted and before the key is
   * free. The key stays taken until a promise that it returns has settled, for at most a second; when the node
   * closes, nothing waits for that.
   */
  stop?(instance: T): unknown;
  /**
   * `"temporary"` (the default): started by a call only. `"permanent"`: started again with the same
   * arguments, without a call. `"transient"`: as `"permanent"`, unless the instance ended by itself. A failed
   * start is tried again after a wait that doubles, up to a minute; each failure is a `processerror` event of
   * its node.
   *
   * After the loss of a majority's memory it is started again by a node that can host it and saw it run, or
   * (`"permanent"` only) by one that called it. If all such nodes have restarted, the next call starts it.
   */
  readonly restart?: Restart;
  /** `false` (the default): calls run one at a time, in order. `true`: calls overlap. */
  readonly concurrent?: boolean;
}

/**
 * Returns `spec`, checked and typed: `context` and the instance in `stop` have their types without an annotation. So
 * have arguments of `start`; one without an annotation is taken as it comes (`any`). Throws a `TypeError` that names
 * what is wrong.
 *
 * ```ts
 * import { singleton } from "@synod/synod";
 *
 * const Counter = singleton({
 *   id: "counter",
 *   start: (context, first: number = 1) => {
 *     let n = first;
 *     return { inc: () => n++, key: () => context.key };
 *   },
 *   restart: "permanent",
 * });
 * ```
 */
// deno-lint-ignore no-explicit-any -- an argument without an annotation must not be `unknown`
export function singleton<T extends object, A extends any[]>(
  spec: ChildSpec<T, A>,
): ChildSpec<T, A> {
  checkSpec(spec, "singleton");
  return spec;
}

/** See {@linkcode ChildSpec}. */
export type Restart = "temporary" | "permanent" | "transient";

/** A spec with any instance and any arguments. */
// deno-lint-ignore no-explicit-any -- the arguments of any function
export type AnySpec = ChildSpec<any, any>;

const NAMES: OptionNames<AnySpec> = {
  id: true,
  start: true,
  stop: true,
  restart: true,
  concurrent: true,
};

/** Whether instances of `spec` are started again without a call. */
export function isSupervised({ restart }: AnySpec): boolean {
  return restart === "permanent" || restart === "transient";
}

/** Checks a spec; throws a `TypeError` that names what is wrong. */
export function checkSpec(spec: unknown, where: string): AnySpec {
  const must = (valid: boolean, name: string, wanted: string, received: unknown) =>
    refuseUnless(valid, where, name, wanted, received);
  must(typeof spec === "object" && spec !== null, "spec", "a ChildSpec", spec);
  // An instance of a class, or a module, may have further properties.
  if (isPlainObject(spec)) refuseUnknown(where, spec as AnySpec, NAMES);
  const { id, start, stop, restart, concurrent } = spec as AnySpec;
  must(isSpecId(id), "id", "a well-formed string of 1 to 200 characters", id);
  must(typeof start === "function", "start", "a function", start);
  must(stop === undefined || typeof stop === "function", "stop", "a function", stop);
  const restarts = ["temporary", "permanent", "transient"];
  const isRestart = restart === undefined || restarts.includes(restart);
  must(isRestart, "restart", '"temporary", "permanent" or "transient"', restart);
  const isConcurrent = concurrent === undefined || typeof concurrent === "boolean";
  must(isConcurrent, "concurrent", "true or false", concurrent);
  return spec as AnySpec;
}
