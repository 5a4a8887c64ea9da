import type { Key } from "../codec/key.ts";
import { showAs } from "../node/shell.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { AnySpec } from "./spec.ts";

/** The names of the methods that can be called on an instance. */
export type Callable<T> = {
  [K in keyof T]: K extends string ? K extends "then" | "constructor" | `_${string}` ? never
      // deno-lint-ignore no-explicit-any -- the arguments of any function
    : T[K] extends (...args: any[]) => unknown ? K
    : never
    : never;
}[keyof T];

/** A method of an instance as its callers see it. */
export type Remotely<F> = F extends (...args: infer A) => infer R
  ? (...args: A) => Promise<Returned<Awaited<R>>>
  : never;

/** What a method returns, as its callers see it: of an AsyncIterable, the items. */
export type Returned<R> = R extends AsyncIterable<infer T> ? AsyncIterable<T> : R;

/**
 * A singleton as its callers see it: every own or inherited method of the instance as an async function.
 * Arguments and results are values that CBOR can carry. An error that the instance throws arrives with its
 * `name`, `message`, `code` and `cause`. A call ends after the `callTimeout` of its node at the latest.
 *
 * A method that returns an AsyncIterable gives the caller a stream, which can be iterated once. Each item is made when
 * it is asked for, and takes a round trip; there is no time limit for it. Stopping to iterate ends the generator, as
 * does the end of the caller's node, or of its `signal`; then the `context.current.signal` of the method aborts. Iterating
 * rejects with what the generator throws, and with a `SynodError`: `outcome_unknown` (the host is lost), `closed` (the
 * instance has ended, or this node). An instance has at most 1,000 streams of one caller: `queue_full`.
 */
export type Remote<T> = { readonly [K in Callable<T>]: Remotely<T[K]> };

/** The names of the methods of a remote; any name, if the type of the remote says nothing of its methods. */
export type MethodName<R> = [keyof R] extends [never] ? string : keyof R & string;

/** A method of a remote by its name. */
export type MethodOf<R, M> = M extends keyof R
  // deno-lint-ignore no-explicit-any -- the arguments of any function
  ? R[M] extends (...args: any[]) => unknown ? R[M] : (...args: unknown[]) => Promise<unknown>
  : (...args: unknown[]) => Promise<unknown>;

/** The arguments of a method, as one list, and after them `Options`; left out if the method needs none. */
export type MethodArguments<R, M, Options extends unknown[] = []> = [] extends
  Parameters<MethodOf<R, M>> ? [args?: Readonly<Parameters<MethodOf<R, M>>>, ...Options]
  : [args: Readonly<Parameters<MethodOf<R, M>>>, ...Options];

/** The singleton that a remote stands for. */
export interface Target {
  readonly key: Key;
  readonly register: RegisterId;
  readonly spec: AnySpec;
  /** The encoded arguments of its start. */
  readonly args: Uint8Array;
}

const targets = new WeakMap<object, Target>();

/** Makes a remote for `target`; each method invokes `call`. */
export function makeRemote<T>(
  target: Target,
  call: (method: string, args: unknown[]) => Promise<unknown>,
): Remote<T> {
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  const self = Object.create(null);
  // Runtimes print the target of a proxy, not the proxy.
  showAs(self, "Remote", () => ({ spec: target.spec.id, key: target.key }));
  const remote = new Proxy(self, {
    get(_, name) {
      // Conversion to a string must not call the singleton.
      if (name === Symbol.toPrimitive || name === "toString") return () => "[object Remote]";
      if (name === Symbol.toStringTag) return "Remote";
      if (!isCallable(name)) return undefined;
      let method = methods.get(name);
      if (method === undefined) {
        method = (...args) => call(name, args);
        methods.set(name, method);
      }
      return method;
    },
    has: (_, name) => isCallable(name),
    set: () => false,
    defineProperty: () => false,
  });
  targets.set(remote, target);
  return remote as Remote<T>;
}

/** The target of `remote`; throws a `TypeError` for a value that `node.name` did not make. */
export function targetOf(remote: unknown, call: string): Target {
  const target = typeof remote === "object" && remote !== null ? targets.get(remote) : undefined;
  if (target === undefined) {
    throw new TypeError(`${call}: the first argument must be a remote from node.name`);
  }
  return target;
}

/**
 * Whether `name` may be a method's name: a string that is not empty. `then` is not one: a remote must not look like
 * a promise.
 */
export function isCallable(name: unknown): name is string {
  return typeof name === "string" && name !== "" && name !== "then" && name !== "toJSON" &&
    !name.startsWith("_") && !(name in Object.prototype);
}
