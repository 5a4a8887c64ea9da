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

const KEYS: OptionNames<KeysOptions> = { noQuorum: true, timeout: true, signal: true };
const READ: OptionNames<GetOptions<unknown>> = { bucket: true, default: true, ...KEYS };
const PUT: OptionNames<PutOptions> = {
  bucket: true,
  pid: true,
  node: true,
  key: true,
  until: true,
  ...KEYS,
};
const WATCH: OptionNames<WatchOptions> = { bucket: true, signal: true };

/** Checks the options of a read; throws a `TypeError` that names the option. */
export function checkGetOptions(call: string, options: GetOptions<unknown>): void {
  checkKnown(call, options, READ);
  checkKeyOptions(call, options);
}

/** Checks the options of a list; throws a `TypeError` that names the option. */
export function checkKeysOptions(
  call: string,
  bucket: string | undefined,
  options: KeysOptions,
): void {
  checkKnown(call, options, KEYS);
  checkKeyOptions(call, { ...options, bucket });
}

/** Checks the options of a watch; throws a `TypeError` that names the option. */
export function checkWatchOptions(call: string, options: WatchOptions): void {
  checkKnown(call, options, WATCH);
  checkKeyOptions(call, options);
}

/** Checks the options that all operations have; throws a `TypeError` that names the option. */
export function checkKeyOptions(call: string, options: KeyOptions): void {
  const { bucket, noQuorum } = options;
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
  checkKnown(call, options, PUT);
  checkKeyOptions(call, options);
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
