import type { Key } from "../codec/key.ts";
import type { Limits, NodeShell } from "../node/shell.ts";
import { parseRegisterId, registerId } from "../codec/register_id.ts";
import { SynodError } from "../errors.ts";
import type { Lock } from "./lock.ts";
import type { Locks } from "./locks.ts";
import {
  checkLabel,
  checkMode,
  checkPermits,
  labeled,
  type LockSettings,
  permitted,
} from "./options.ts";
import { type OrderedRequest, RequestOrder } from "./request_order.ts";
import { checkLimits, type OptionNames, refuseUnknown, refuseUnless } from "../options.ts";
import type { LockEntry, LockMode } from "../paxos/lock_register.ts";
import { REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";

/** Options of a request, as in the Web Locks API. */
export interface LockRequestOptions {
  /** `"exclusive"` (the default) or `"shared"`. */
  mode?: LockMode;
  /**
   * A counting lock: granted while fewer than this number of others own it; see `permits` of `node.lock`. Not with `mode`
   * or `steal`. Not in the Web Locks API.
   */
  permits?: number;
  /** Calls back with `null` if the lock is not available at once. */
  ifAvailable?: boolean;
  /** Takes the lock away from its present owners. */
  steal?: boolean;
  /** Aborting it withdraws a request that was not granted yet. */
  signal?: AbortSignal;
  /** A text for people, of at most 200 UTF-16 code units: what the lock is for. Not in the Web Locks API. */
  label?: string;
}

const NAMES: OptionNames<LockRequestOptions> = {
  mode: true,
  permits: true,
  ifAvailable: true,
  steal: true,
  signal: true,
  label: true,
};

/** The lock that a callback gets: as in the Web Locks API, with the additions of the cluster. */
export interface ManagedLock {
  /** The name that was requested. */
  readonly name: string;
  /** `"exclusive"` or `"shared"`. */
  readonly mode: LockMode;
  /** The permits of the request; `undefined`: it is not counted. The mode is `"shared"` with them. */
  readonly permits?: number;
  /** The fencing token: greater than that of every earlier exclusive owner. */
  readonly token: number;
  /** Whether the lock is owned at this instant. */
  readonly held: boolean;
  /** Aborts when the lock is released, lost or stolen. */
  readonly signal: AbortSignal;
}

/**
 * Called with the lock, or with `null` where a request with `ifAvailable` has found it taken; the lock is held until
 * what it returns settles.
 */
export type LockGrantedCallback<T, L extends ManagedLock | null = ManagedLock | null> = (
  lock: L,
) => T | PromiseLike<T>;

/** One held lock, or one request that waits. */
export interface LockInfo {
  /** The name that was requested. */
  name: string;
  /** `"exclusive"` or `"shared"`. */
  mode: LockMode;
  /** Its permits; absent: it is not counted. The mode is `"shared"` with them. */
  permits?: number;
  /** The id of the node. */
  clientId: string;
  /** The beginning of its label, at most 64 bytes of UTF-8; absent: it has none. */
  label?: string;
}

/** All locks of the cluster whose key is a string. */
export interface LockManagerSnapshot {
  /** The locks that are owned. */
  held: LockInfo[];
  /** The requests that wait, in the order in which they will be granted. */
  pending: LockInfo[];
}

/** What a lock manager needs of its node. */
export interface LockManagerParts {
  readonly shell: NodeShell;
  readonly locks: Locks;
  /**
   * The holders and the queues of all locks of which `isWanted` returns `true`, including all requests that
   * this node made before.
   */
  readonly readAll: (
    isWanted: (register: RegisterId) => boolean,
    limits: Limits,
  ) => Promise<ReadonlyMap<RegisterId, Queues>>;
}

/** Those who hold a lock and those who wait for it. */
export interface Queues {
  readonly holders: readonly LockRow[];
  readonly queue: readonly LockRow[];
}

/** One holder, or one request that waits. */
type LockRow = Pick<LockEntry, "pid" | "mode" | "permits" | "label">;

/**
 * The Web Locks API for a whole cluster, with the interface, the errors and the order of `navigator.locks`
 * (W3C, *Web Locks API*).
 *
 * ```ts
 * import { join } from "@synod/synod";
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const node = await join({ id: "w1", members: ["w1"], transport: memoryNetwork().transport() });
 * const result = await node.locks.request("orders/42", async (lock) => lock.name);
 * console.log(result); // orders/42
 * await node.close();
 * ```
 */
export class LockManager {
  readonly #parts: LockManagerParts;
  readonly #order: RequestOrder;

  /** Made by the node. */
  constructor(parts: LockManagerParts) {
    this.#parts = parts;
    this.#order = new RequestOrder(parts.shell);
  }

  /**
   * Calls `callback` when the lock is granted, and holds the lock until the result of `callback` settles;
   * resolves or rejects with that result. Rejects with a `TypeError` for bad arguments and unknown options,
   * with a `NotSupportedError` for a name that begins with `-` and for options that exclude each other, with
   * the reason of `signal`, with an `AbortError` if the lock was stolen, and with a `SynodError`:
   * `session_lost` if the lock was lost with the session, `closed` if the node closes.
   *
   * The callbacks of one manager start in the order of the calls, also across names, as far as the requests
   * can be granted: a granted request waits until each earlier one is known to be granted, queued or refused.
   * Requests that were aborted or ran out of time count as refused. The wait ends after the node's `timeout`
   * at the latest; the lock is held meanwhile. `node.lock` and `process.lock` have no such order.
   */
  request<T>(name: string, callback: LockGrantedCallback<T, ManagedLock>): Promise<Awaited<T>>;
  /** The same with options; without `ifAvailable` the callback always gets a lock. */
  request<T>(
    name: string,
    options: LockRequestOptions & { ifAvailable?: false },
    callback: LockGrantedCallback<T, ManagedLock>,
  ): Promise<Awaited<T>>;
  /** The same with options. */
  request<T>(
    name: string,
    options: LockRequestOptions,
    callback: LockGrantedCallback<T>,
  ): Promise<Awaited<T>>;
  async request<T>(
    name: string,
    optionsOrCallback: LockRequestOptions | LockGrantedCallback<T, ManagedLock>,
    callback?: LockGrantedCallback<T, ManagedLock>,
  ): Promise<Awaited<T>> {
    // As with overloads in Web IDL: two arguments are a name and a callback.
    const [given, granted] = callback === undefined
      ? [{}, optionsOrCallback]
      : [optionsOrCallback, callback];
    refuseUnless(
      typeof granted === "function",
      "locks.request",
      "callback",
      "a function",
      granted,
    );
    const key = `${name}`;
    const options = checkOptions(key, given as LockRequestOptions);
    // The overloads let it expect a lock only where it cannot get `null`.
    const calledBack = granted as LockGrantedCallback<T>;
    this.#parts.shell.ensureOpen();
    const turn = this.#order.enter();
    try {
      let outcome: { result: Promise<Awaited<T>> } | undefined;
      while (outcome === undefined) outcome = await this.#attempt(turn, key, options, calledBack);
      return await outcome.result;
    } finally {
      this.#order.leave(turn);
    }
  }

  /**
   * Requests the lock, and calls back in order. Returns `undefined` if the session is lost in between: then
   * the lock has to be requested again, as for a request that waits.
   */
  async #attempt<T>(
    turn: OrderedRequest,
    key: string,
    options: LockSettings,
    granted: LockGrantedCallback<T>,
  ): Promise<{ result: Promise<Awaited<T>> } | undefined> {
    const { signal, ifAvailable } = options;
    const lock = await this.#parts.locks.request(key, options, () => this.#order.known(turn));
    try {
      return await this.#order.begin(turn, { signal, owner: lock?.signal }, () => {
        // The grant took a few turns to arrive here, and either signal may have aborted meanwhile.
        signal?.throwIfAborted();
        lock?.signal.throwIfAborted();
        const result = lock === null ? callWithout(granted) : run(key, lock, granted);
        result.catch(() => {});
        return { result };
      });
    } catch (error) {
      // The callback was not called, so the lock has to be released here.
      void lock?.release();
      if (!ifAvailable && error instanceof SynodError && error.code === "session_lost") return;
      throw error;
    }
  }

  /**
   * The locks that are held in the cluster and the requests that wait, including all requests that this node
   * made before. Takes no options. Rejects with `no_quorum` if no quorum answers in time.
   */
  async query(options: Readonly<Record<string, never>> = {}): Promise<LockManagerSnapshot> {
    refuseUnknown("locks.query", options, {});
    const { shell, readAll } = this.#parts;
    shell.ensureOpen();
    const values = await readAll(isNamed, shell.limits());
    const snapshot: LockManagerSnapshot = { held: [], pending: [] };
    for (const register of [...values.keys()].sort()) {
      const { holders, queue } = values.get(register)!;
      const name = nameOf(register) as string;
      snapshot.held.push(...holders.map((entry) => toInfo(name, entry)));
      snapshot.pending.push(...queue.map((entry) => toInfo(name, entry)));
    }
    return snapshot;
  }
}

function checkOptions(name: string, given: LockRequestOptions): LockSettings {
  const options = given ?? {};
  const isObject = typeof options === "object" || typeof options === "function";
  refuseUnless(isObject, "locks.request", "options", "an object", options);
  refuseUnknown("locks.request", options, NAMES);
  // Each option is read once, in the order of the names, as Web IDL reads a dictionary.
  const ifAvailable = Boolean(options.ifAvailable);
  const { mode: wanted, permits } = options;
  const usual = permits === undefined ? "exclusive" : "shared";
  const mode: unknown = `${wanted === undefined ? usual : wanted}`;
  const { signal } = options;
  const steal = Boolean(options.steal);
  const { label } = options;
  checkMode("locks.request", mode);
  checkLabel("locks.request", label);
  checkPermits("locks.request", { mode: wanted, permits, steal });
  checkLimits("locks.request", { signal });
  // A key that is too long throws before anything is requested.
  registerId(REGISTER_KINDS.lock, undefined, name);
  if (name.startsWith("-")) throw unsupported('a name must not begin with "-"');
  if (steal && ifAvailable) throw unsupported("steal and ifAvailable exclude each other");
  if (steal && mode !== "exclusive") throw unsupported('only mode "exclusive" can steal');
  if (signal !== undefined && (steal || ifAvailable)) {
    throw unsupported("signal goes with neither steal nor ifAvailable");
  }
  signal?.throwIfAborted();
  return { mode, ifAvailable, steal, signal, ...permitted(permits), ...labeled(label) };
}

async function callWithout<T>(callback: LockGrantedCallback<T>): Promise<Awaited<T>> {
  return await callback(null);
}

async function run<T>(
  name: string,
  lock: Lock,
  callback: LockGrantedCallback<T>,
): Promise<Awaited<T>> {
  const managed: ManagedLock = {
    name,
    mode: lock.mode,
    ...permitted(lock.permits),
    token: lock.token,
    signal: lock.signal,
    get held() {
      return lock.held;
    },
  };
  // The loss of the lock rejects the request at once, even while the callback runs. The lock may be lost
  // before the callback returns.
  const lost = new Promise<never>((_, reject) => {
    const { signal } = lock;
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  const result = new Promise<T>((resolve) => resolve(callback(managed)));
  lost.catch(() => {});
  try {
    return await Promise.race([result, lost]);
  } finally {
    // An error of the callback after the loss is not reported: the request has rejected already.
    result.catch(() => {});
    await lock.release();
  }
}

function unsupported(what: string): DOMException {
  return new DOMException(`locks.request: ${what}`, "NotSupportedError");
}

function nameOf(register: string): Key {
  return parseRegisterId(register).key;
}

function isNamed(register: string): boolean {
  return typeof nameOf(register) === "string";
}

function toInfo(name: string, { pid, mode, permits, label }: LockRow): LockInfo {
  return { name, mode, clientId: pid.node, ...permitted(permits), ...labeled(label) };
}
