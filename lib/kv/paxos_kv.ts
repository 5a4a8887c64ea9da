import type { Key } from "../codec/key.ts";
import { bucketPrefix, parseRegisterId, registerId } from "../codec/register_id.ts";
import { decodeValue, encodeValue, UnencodableError } from "../codec/value.ts";
import { type Result, SynodError } from "../errors.ts";
import {
  boundKey,
  checkKeyOptions,
  checkPutOptions,
  type GetOptions,
  type KeyOptions,
  type KeysOptions,
  LIST,
  type PutOptions,
  READ,
  WATCH,
  type WatchOptions,
} from "./options.ts";
import type { Entry } from "./entries.ts";
import { type Change, watch } from "./watch.ts";
import { type EntryChange, watchAll } from "./watch_all.ts";
import { type Pid, REGISTER_KINDS } from "../paxos/register.ts";
import type { Found, KvStore, ListedKey, PutOutcome } from "./store.ts";
import type { Limits } from "../node/shell.ts";
import { withinQuorum } from "./within_quorum.ts";

/** The result of a claim: the value that the cluster agreed on, its token, and whether this call set it. */
export interface Claim<T> {
  /** The value of the key, set by this call or by an earlier one. */
  value: T;
  /** The fencing token of the value: greater than that of every earlier value of this key. */
  token: number;
  /** Whether this call set the value. */
  mine: boolean;
}

type ClaimResult<T> = Result<Claim<T>, "invalid_value" | "no_quorum">;

/** What a KV needs of its node. */
export interface KvParts {
  readonly store: KvStore;
  /** Aborts when the node closes. */
  readonly closing: AbortSignal;
  /** Aborts everything under way in this KV; the signal of a process. */
  readonly signal?: AbortSignal;
}

/**
 * Keys that are set once for the whole cluster. A key has one value for as long as it is present:
 * `put` returns the value that all nodes agreed on, which may be another writer's. There is no delete
 * and no update: a value ends with what it is bound to (a process, a node, another key, a time).
 *
 * ```ts
 * import { join } from "@synod/synod";
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const node = await join({ id: "w1", members: ["w1"], transport: memoryNetwork().transport() });
 * console.log(await node.kv.put("leader", "w1")); // { ok: true, value: "w1" }
 * console.log(await node.kv.put("leader", "w2")); // { ok: true, value: "w1" }
 * console.log(await node.kv.get("missing")); // { ok: false, error: "not_found" }
 * await node.close();
 * ```
 */
export class PaxosKV {
  readonly #parts: KvParts;

  /** Made by the node. */
  constructor(parts: KvParts) {
    this.#parts = parts;
  }

  /**
   * Sets `key` to `value` unless it has a value, and returns the value that it has then.
   *
   * `invalid_value`: the value cannot be stored (CBOR cannot carry it, or it has more than `maxValueBytes`),
   * or it could not last, since something that it is bound to has ended; `reason` says which (`value.when: a
   * function cannot be stored`, `until is in the past (1970-01-21T…)`). `no_quorum`: too few members answered
   * in time; the put may still take effect later. Throws a `TypeError` for a key that cannot be encoded and
   * for a bad option, and a `SynodError` `full` beyond the members' `maxKeys`.
   */
  async put<T>(
    key: Key,
    value: T,
    options: PutOptions = {},
  ): Promise<Result<T, "invalid_value" | "no_quorum">> {
    const claimed = await this.#put<T>("put", key, value, options);
    return claimed.ok ? { ok: true, value: claimed.value.value } : claimed;
  }

  /**
   * As {@linkcode put}, and tells the outcome: the value, its fencing token, and whether this call set it.
   */
  async claim<T>(
    key: Key,
    value: T,
    options: PutOptions = {},
  ): Promise<Result<Claim<T>, "invalid_value" | "no_quorum">> {
    return await this.#put<T>("claim", key, value, options);
  }

  /** The value of `key`. */
  get<T>(
    key: Key,
    options?: GetOptions<T>,
  ): Promise<Result<T, "not_found" | "no_quorum">> {
    const { store } = this.#parts;
    const value = options === undefined ? store.shell.settled?.value(key) : undefined;
    if (value !== undefined) return Promise.resolve({ ok: true, value: value as T });
    return this.#read("get", key, options, ({ value }) => decodeValue(value) as T);
  }

  /** The id of the node that the value of `key` is bound to, by `node` or by `pid`. */
  node(
    key: Key,
    options?: GetOptions<string>,
  ): Promise<Result<string, "not_found" | "no_quorum">> {
    return this.#read("node", key, options, ({ node }) => node ?? undefined);
  }

  /** The pid that the value of `key` is bound to. */
  pid(
    key: Key,
    options?: GetOptions<Pid>,
  ): Promise<Result<Pid, "not_found" | "no_quorum">> {
    return this.#read("pid", key, options, ({ pid }) => pid ?? undefined);
  }

  /** The fencing token of the value of `key`. */
  token(
    key: Key,
    options?: GetOptions<number>,
  ): Promise<Result<number, "not_found" | "no_quorum">> {
    return this.#read("token", key, options, ({ token }) => token);
  }

  /**
   * The keys of a bucket that have a value, in the order of their encoding. Not a snapshot: a key that is put
   * or released meanwhile may be included or not. `[]` without a quorum.
   */
  async keys(bucket?: string, options: KeysOptions = {}): Promise<Key[]> {
    const listed = await this.#list("keys", bucket, options, false);
    return listed.ok ? listed.value.map(({ register }) => parseRegisterId(register).key) : [];
  }

  /**
   * The keys of a bucket that have a value, with their values and tokens, in the order of the encoded keys.
   * Not a snapshot, as with {@linkcode keys}. Values that have ended are left out, whether or not they are
   * released yet. All entries are in memory at once. `no_quorum`: too few members answered in time.
   */
  async entries<T = unknown>(
    bucket?: string,
    options: KeysOptions = {},
  ): Promise<Result<Entry<T>[], "no_quorum">> {
    const listed = await this.#list("entries", bucket, options, true);
    if (!listed.ok) return listed;
    const entries = listed.value.flatMap(({ register, token, value }) => {
      if (token === undefined || value === undefined) return [];
      const { key } = parseRegisterId(register);
      return [{ key, value: decodeValue(value) as T, token }];
    });
    return { ok: true, value: entries };
  }

  /**
   * Follows `key`: yields its present state first, then each change. May skip intermediate states, never goes
   * back. Ends when the node closes; throws the reason of `signal` when that aborts.
   */
  watch<T>(key: Key, options: WatchOptions = {}): AsyncIterable<Change<T>> {
    checkKeyOptions("watch", options, WATCH);
    const { store, closing } = this.#parts;
    store.shell.ensureOpen();
    const register = registerId(REGISTER_KINDS.key, options.bucket, key);
    return watch<T>(store, register, this.#signalsOf(options), closing);
  }

  /**
   * Follows all keys of a bucket: yields those that have a value first, in the order of the encoded keys, then each
   * change. May skip intermediate states of a key, and never goes back. A value that has ended is yielded as gone
   * when it is released, which the members do by themselves. Ends as {@linkcode watch} does. What is not
   * consumed yet is in memory: at most one change for each key.
   */
  watchAll<T = unknown>(options: WatchOptions = {}): AsyncIterable<EntryChange<T>> {
    checkKeyOptions("watchAll", options, WATCH);
    const { store, closing } = this.#parts;
    store.shell.ensureOpen();
    const prefix = bucketPrefix(REGISTER_KINDS.key, options.bucket);
    return watchAll<T>(store, prefix, this.#signalsOf(options), closing);
  }

  /** The time of this node's clock, in milliseconds since 1970; for `until`. */
  now(): number {
    return this.#parts.store.shell.runtime.wallNow();
  }

  #signalsOf({ signal }: WatchOptions): AbortSignal[] {
    return [signal, this.#parts.signal].filter((one) => one !== undefined);
  }

  /** The callers are `async`: what this throws is the reason of their rejection. */
  #put<T>(
    call: string,
    key: Key,
    value: T,
    options: PutOptions,
  ): ClaimResult<T> | Promise<ClaimResult<T>> {
    checkPutOptions(call, options);
    const { store } = this.#parts;
    store.shell.ensureOpen();
    const register = registerId(REGISTER_KINDS.key, options.bucket, key);
    if (options.key !== undefined) {
      const bound = boundKey(options.key, options.bucket);
      registerId(REGISTER_KINDS.key, bound.bucket, bound.key);
    }
    const encoded = this.#encode(value);
    if (!encoded.ok) return encoded;
    let sent = false;
    const writing = () => void (sent = true);
    return this.#within<ClaimResult<T>>(options, (limits) => {
      // An earlier try of this put may still take effect, so its outcome must not be guessed.
      if (sent) throw new SynodError("outcome_unknown", `${call}: its outcome cannot be known`);
      return store.put(register, encoded.value, options, limits, writing)
        .then((put) => outcome<T>(call, put, options));
    });
  }

  async #list(
    call: string,
    bucket: string | undefined,
    options: KeysOptions,
    values: boolean,
  ): Promise<Result<readonly ListedKey[], "no_quorum">> {
    checkKeyOptions(call, options, LIST, { bucket });
    const { store } = this.#parts;
    const prefix = bucketPrefix(REGISTER_KINDS.key, bucket);
    return await this.#within(options, async (limits) => {
      return { ok: true, value: await store.list(prefix, values, limits) } as const;
    });
  }

  /** Encodes a value, if it can be stored. */
  #encode(value: unknown): Result<Uint8Array, "invalid_value"> {
    try {
      const bytes = encodeValue(value, this.#parts.store.shell.maxValueBytes);
      return { ok: true, value: bytes };
    } catch (error) {
      if (!(error instanceof UnencodableError)) throw error;
      return { ok: false, error: "invalid_value", reason: error.message };
    }
  }

  async #read<T>(
    call: string,
    key: Key,
    options: GetOptions<T> = {},
    pick: (found: Found) => T | undefined,
  ): Promise<Result<T, "not_found" | "no_quorum">> {
    checkKeyOptions(call, options, READ);
    const { store } = this.#parts;
    store.shell.ensureOpen();
    const register = registerId(REGISTER_KINDS.key, options.bucket, key);
    options.signal?.throwIfAborted();
    // What this node knows is there within any other limits: it waits for nothing.
    const known = store.known?.(register);
    if (known !== undefined) return readResult(pick(known), options);
    return await this.#within(options, async (limits) => {
      const found = await store.read(register, limits);
      return readResult(found === null ? undefined : pick(found), options);
    });
  }

  /** Runs an operation within its limits, and applies the caller's `noQuorum` option. */
  #within<R extends Result<unknown, string>>(
    options: KeyOptions,
    run: (limits: Limits) => Promise<R>,
  ): Promise<R | Result<never, "no_quorum">> {
    const { store, signal } = this.#parts;
    return withinQuorum(store.shell, options, signal, run);
  }
}

function readResult<T>(
  value: T | undefined,
  options: GetOptions<T>,
): Result<T, "not_found"> {
  if (value !== undefined) return { ok: true, value };
  if ("default" in options) return { ok: true, value: options.default as T };
  return { ok: false, error: "not_found" };
}

function outcome<T>(
  call: string,
  outcome: PutOutcome,
  { noQuorum }: PutOptions,
): ClaimResult<T> {
  switch (outcome.kind) {
    case "agreed": {
      const { value, token, mine } = outcome;
      return { ok: true, value: { value: decodeValue(value) as T, token, mine } };
    }
    case "invalid_value":
      return { ok: false, error: "invalid_value", reason: outcome.reason };
    case "unknown": {
      const code = noQuorum === "retry" ? "outcome_unknown" : "no_quorum";
      throw new SynodError(code, `${call}: its outcome cannot be known`);
    }
  }
}
