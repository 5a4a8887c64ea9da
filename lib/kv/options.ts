import { isPlainObject, type Key, NODE_ID_PATTERN, SESSION_PATTERN } from "../codec.ts";
import { show } from "../node/runtime/show.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import type { Pid } from "../paxos/register.ts";

/** What an operation does that finds no quorum in time. */
export type NoQuorum = "return" | "retry" | "fail";

/** What every operation on keys takes. */
export interface KeyOptions {
  /** The bucket of the key; the default bucket when left out, which no name reaches. */
  bucket?: string;
  /**
   * Without a quorum: `"return"` the result `no_quorum` (the default), `"retry"` until there is one or
   * `signal` aborts, whatever `timeout` says, or `"fail"`: throw a `SynodError` `no_quorum`.
   */
  noQuorum?: NoQuorum;
  /** How many milliseconds to look for a quorum. Default: the node's `timeout`. */
  timeout?: number;
  /** Aborting rejects with the signal's reason. What was already sent may still take effect. */
  signal?: AbortSignal;
}

/** How to read. */
export interface GetOptions<T> extends KeyOptions {
  /** The value of a key that has none, in place of `not_found`. */
  default?: T;
}

/** How to put; a value with several bindings lasts until the first of them ends. */
export interface PutOptions extends KeyOptions {
  /** Lasts until this process ends. */
  pid?: Pid | { readonly pid: Pid };
  /** Lasts until the session that this node has now ends. */
  node?: string;
  /** Lasts as long as the present value of this key: in the same bucket, or `{ bucket, key }`. */
  key?: Key;
  /** Lasts until then: milliseconds since 1970, by the clock of whoever reads. */
  until?: number;
}

/** How to list. */
export type KeysOptions = Omit<KeyOptions, "bucket">;

/** How to watch. */
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

/** Checks how to read; throws a `TypeError` that names the option. */
export function checkGetOptions(call: string, options: GetOptions<unknown>): void {
  checkKnown(call, options, READ);
  checkKeyOptions(call, options);
}

/** Checks how to list; throws a `TypeError` that names the option. */
export function checkKeysOptions(
  call: string,
  bucket: string | undefined,
  options: KeysOptions,
): void {
  checkKnown(call, options, KEYS);
  checkKeyOptions(call, { ...options, bucket });
}

/** Checks how to watch; throws a `TypeError` that names the option. */
export function checkWatchOptions(options: WatchOptions): void {
  checkKnown("watch", options, WATCH);
  checkKeyOptions("watch", options);
}

function checkKnown<T extends object>(call: string, options: T, known: OptionNames<T>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${call}: options must be an object, received ${show(options)}`);
  }
  refuseUnknown(call, options, known);
}

function checkKeyOptions(call: string, options: KeyOptions): void {
  const { bucket, noQuorum, timeout, signal } = options;
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
  refuseUnless(
    timeout === undefined || (typeof timeout === "number" && timeout >= 0),
    call,
    "timeout",
    "a number of milliseconds, not negative",
    timeout,
  );
  refuseUnless(
    signal === undefined || signal instanceof AbortSignal,
    call,
    "signal",
    "an AbortSignal",
    signal,
  );
}

/** Checks the bindings of a put; throws a `TypeError` that names the option. */
export function checkPutOptions(call: string, options: PutOptions): void {
  checkKnown(call, options, PUT);
  checkKeyOptions(call, options);
  const { pid, node, until } = options;
  refuseUnless(pid === undefined || isPid(toPid(pid)), call, "pid", "a Pid or a Process", pid);
  refuseUnless(
    node === undefined || (typeof node === "string" && NODE_ID_PATTERN.test(node)),
    call,
    "node",
    "the id of a node, 1 to 64 of A-Z a-z 0-9 . _ -",
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

/** The pid of a pid or a process. */
export function toPid(pid: Pid | { readonly pid: Pid }): Pid {
  return typeof pid === "object" && pid !== null && "pid" in pid ? pid.pid : pid;
}

/** Whether something has the shape of a pid. */
export function isPid(pid: unknown): pid is Pid {
  if (typeof pid !== "object" || pid === null) return false;
  const { node, session, seq } = pid as Partial<Pid>;
  return typeof node === "string" && NODE_ID_PATTERN.test(node) &&
    typeof session === "string" && SESSION_PATTERN.test(session) &&
    session.startsWith(`${node}/`) && Number.isSafeInteger(seq) && (seq as number) > 0;
}

/** Which bucket and key a `key` binding names. */
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

function refuseUnless(
  valid: boolean,
  call: string,
  name: string,
  wanted: string,
  received: unknown,
): void {
  if (!valid) throw new TypeError(`${call}: ${name} must be ${wanted}, received ${show(received)}`);
}
