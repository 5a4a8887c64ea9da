import type { Key } from "../codec/key.ts";
import { isPlainObject } from "../codec/kinds.ts";
import { isOwner, isSession, NODE_ID_FORM } from "../codec/names.ts";
import { checkKnown, checkLimits, type OptionNames, refuseUnless } from "../options.ts";
import type { Pid } from "../paxos/register.ts";

/** What an operation does if it finds no quorum in time. */
export type NoQuorum = "return" | "retry" | "fail";

/** Options of every operation on keys. */
export interface KeyOptions {
  /** The bucket of the key. Default: the default bucket, which has no name. */
  bucket?: string;
  /**
   * Without a quorum: `"return"` the result `no_quorum` (the default), `"retry"` until there is one or
   * `signal` aborts, regardless of `timeout`, or `"fail"`: throw a `SynodError` `no_quorum`.
   */
  noQuorum?: NoQuorum;
  /** Time for finding a quorum, in milliseconds. Default: the node's `timeout`. */
  timeout?: number;
  /** Aborting it rejects with the signal's reason. What was already sent may still take effect. */
  signal?: AbortSignal;
}

/** Options of a read. */
export interface GetOptions<T> extends KeyOptions {
  /** The result for a key without a value, in place of `not_found`. */
  default?: T;
}

/** Options of a put. A value with several bindings lasts until the first of them ends. */
export interface PutOptions extends KeyOptions {
  /** The value lasts until this process ends. */
  pid?: Pid | { readonly pid: Pid };
  /** The value lasts until the present session of this node ends. */
  node?: string;
  /** The value lasts as long as the present value of this key: in the same bucket, or `{ bucket, key }`. */
  key?: Key;
  /** The value lasts until this time, in milliseconds since 1970, by the clock of the reading node. */
  until?: number;
}

/** Options of a list. */
export type KeysOptions = Omit<KeyOptions, "bucket">;

/** Options of a watch. */
export type WatchOptions = Pick<KeyOptions, "bucket" | "signal">;

/** The options of a list. */
export const LIST: OptionNames<KeysOptions> = { noQuorum: true, timeout: true, signal: true };
/** The options of a read. */
export const READ: OptionNames<GetOptions<unknown>> = { bucket: true, default: true, ...LIST };
const PUT: OptionNames<PutOptions> = {
  bucket: true,
  pid: true,
  node: true,
  key: true,
  until: true,
  ...LIST,
};
/** The options of a watch. */
export const WATCH: OptionNames<WatchOptions> = { bucket: true, signal: true };

/**
 * Checks the options of an operation that has the options `known`, and its bucket, if that is given apart; throws a
 * `TypeError` that names the option.
 */
export function checkKeyOptions<Options extends KeyOptions>(
  call: string,
  options: Options,
  known: OptionNames<Options>,
  place: KeyOptions = options,
): void {
  checkKnown(call, options, known);
  const { noQuorum } = options;
  const { bucket } = place;
  refuseUnless(
    bucket === undefined || typeof bucket === "string",
    call,
    "bucket",
    "a string",
    bucket,
  );
  refuseUnless(
    noQuorum === undefined || noQuorum === "return" || noQuorum === "retry" || noQuorum === "fail",
    call,
    "noQuorum",
    '"return", "retry" or "fail"',
    noQuorum,
  );
  checkLimits(call, options);
}

/** Checks the options of a put; throws a `TypeError` that names the option. */
export function checkPutOptions(call: string, options: PutOptions): void {
  checkKeyOptions(call, options, PUT);
  const { pid, node, until } = options;
  refuseUnless(pid === undefined || isPid(toPid(pid)), call, "pid", "a Pid or a Process", pid);
  refuseUnless(
    node === undefined || isOwner(node),
    call,
    "node",
    `the id of a node, ${NODE_ID_FORM}, or of a guest after ~`,
    node,
  );
  refuseUnless(
    until === undefined || (typeof until === "number" && !Number.isNaN(until)),
    call,
    "until",
    "a number of milliseconds since 1970",
    until,
  );
}

/** The pid itself, or the pid of a process. */
export function toPid(pid: Pid | { readonly pid: Pid }): Pid {
  return typeof pid === "object" && pid !== null && "pid" in pid ? pid.pid : pid;
}

/** Whether something has the shape of a pid. */
export function isPid(pid: unknown): pid is Pid {
  if (typeof pid !== "object" || pid === null) return false;
  const { node, session, seq } = pid as Partial<Pid>;
  return isOwner(node) && isSession(session) &&
    session.startsWith(`${node}/`) && Number.isSafeInteger(seq) && (seq as number) > 0;
}

/** The bucket and key that a `key` binding names. */
export function boundKey(
  key: Key,
  bucket: string | undefined,
): { bucket: string | undefined; key: Key } {
  if (isPlainObject(key)) {
    const names = Object.keys(key).sort();
    if (names.length === 2 && names[0] === "bucket" && names[1] === "key") {
      const named = key as unknown as { bucket: string | undefined; key: Key };
      if (named.bucket === undefined || typeof named.bucket === "string") return named;
    }
  }
  return { bucket, key };
}
