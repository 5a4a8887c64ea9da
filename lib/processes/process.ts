import type { Key } from "../codec/key.ts";
import { checkedSignal, onAbort, showAs } from "../node/shell.ts";
import { SynodError } from "../errors.ts";
import type { PaxosKV } from "../kv/paxos_kv.ts";
import type { Lock } from "../locks/lock.ts";
import { checkLabel, type LockOptions } from "../locks/options.ts";
import type { ProcessLocks } from "../locks/process_locks.ts";
import { checkKnown, checkLimits, type OptionNames } from "../options.ts";
import type { Pid } from "../paxos/register.ts";
import type { Owner, Owners } from "../owners/owner.ts";

/** Options of a process. */
export interface SpawnOptions {
  /** Aborting it ends the process, with the signal's reason. */
  signal?: AbortSignal;
  /**
   * A text for people, of at most 200 UTF-16 code units: what the process does. Its locks have it unless they have a
   * label of their own.
   */
  label?: string;
}

const NAMES: OptionNames<SpawnOptions> = { signal: true, label: true };

/** Checks the options of a process; throws a `TypeError` that names the option. */
export function checkSpawnOptions(options: SpawnOptions): void {
  checkKnown("spawn", options, NAMES);
  checkLimits("spawn", options);
  checkLabel("spawn", options.label);
}

/** What a process needs of its node. */
export interface ProcessHost {
  readonly table: Owners;
  /** The KV as this process sees it: operations under way end with the process. */
  readonly kvFor: (signal: AbortSignal) => PaxosKV;
  /** Ends what depends on the node's session, if its deadline has passed. */
  readonly check: () => void;
  /** The locks of this process. */
  readonly locksFor: (owner: Owner) => ProcessLocks;
  /** Called when the process has ended. */
  readonly ended: (process: Process<unknown>) => void;
  /** Called when the process failed and its result is not observed. */
  readonly failed: (process: Process<unknown>, error: unknown) => void;
  /** Waits for `promise`, but no longer than the node's time limit for releases. */
  readonly within: <T>(promise: Promise<T>) => Promise<T | void>;
}

/**
 * An owner of values and locks, comparable to a process in Erlang. It lives in one node, and ends
 * when its function settles, when {@linkcode exit} is called, or when its node loses its session or
 * closes. What is bound to it is released then.
 *
 * ```ts
 * import { join } from "@synod/synod";
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const node = await join({ id: "w1", members: ["w1"], transport: memoryNetwork().transport() });
 * const worker = node.spawn(async (self) => {
 *   const leader = await self.kv.put("leader", node.id, { pid: self.pid });
 *   return leader.ok && leader.value;
 * });
 * console.log(await worker.result); // w1
 * await node.close();
 * ```
 */
export class Process<R = unknown> {
  /** The identity of this process in the cluster. */
  readonly pid: Pid;
  /**
   * Aborts when the process ends, for any reason. `aborted` is exact at the instant of reading, even after a
   * pause that outlasted the session.
   */
  readonly signal: AbortSignal;
  /** The node's KV; operations of this process that are under way abort when it ends. */
  readonly kv: PaxosKV;
  /** Resolves when the process has ended and what it owned is being released. Never rejects. */
  readonly exited: Promise<{ reason: unknown }>;
  readonly #host: ProcessHost;
  readonly #owner: Owner;
  readonly #locks: ProcessLocks;
  readonly #aborter = new AbortController();
  readonly #result: Promise<R>;
  #observed = false;
  #settle!: { resolve(value: R): void; reject(reason: unknown): void };
  #exit!: (exit: { reason: unknown }) => void;
  #released: Promise<void> | undefined;
  #stopListening: () => void = () => {};

  static {
    showAs(this.prototype, "Process", (process) => ({
      pid: process.pid,
      ended: process.#owner.ended,
    }));
  }

  /** Made by `node.spawn`. */
  constructor(
    host: ProcessHost,
    fn: ((self: Process<unknown>) => R | PromiseLike<R>) | undefined,
    options: SpawnOptions,
  ) {
    this.#host = host;
    this.#owner = host.table.add();
    this.pid = Object.freeze({ ...this.#owner.pid });
    this.signal = checkedSignal(this.#aborter.signal, () => host.check());
    this.kv = host.kvFor(this.signal);
    this.#locks = host.locksFor(this.#owner);
    this.exited = new Promise((resolve) => this.#exit = resolve);
    this.#result = new Promise<R>((resolve, reject) => this.#settle = { resolve, reject });
    // The result need not be observed: a failure without an observer becomes an event of the node.
    this.#result.catch(() => {});
    const { signal } = options;
    if (signal !== undefined) {
      this.#stopListening = onAbort(signal, () => void this.exit(signal.reason));
    }
    if (fn !== undefined) this.#run(fn);
  }

  /**
   * The result of the function. Rejects with what it threw, or with the reason of the exit.
   *
   * An ignored failure is not an unhandled rejection, but a `processerror` event of the node, unless `result`
   * was read before the function threw or `exit` resolved. A requested end without a reason is not a failure:
   * `exit()` and `await using`, the `AbortError` of a signal that was aborted without a reason, and `close()`
   * of the node. An end with a reason is a failure, as is the loss of the session.
   */
  get result(): Promise<R> {
    this.#observed = true;
    return this.#result;
  }

  /**
   * Waits for the lock on `key`: first come, first served. Reentrant: a process that holds the lock gets
   * another handle at once. The lock is free when all handles are released or the process has ended.
   *
   * All calls of a process share one request. If it is exclusive, shared calls get handles of the exclusive
   * lock. If it is shared and still waits when a call wants the lock exclusive, an exclusive request takes
   * its place, at the end of the queue, and all calls get handles of that lock: so a process never waits for
   * itself. Once the process holds the lock shared, an exclusive call is a `TypeError`.
   *
   * Rejects as `node.lock` does, and with the reason of the process's end.
   */
  lock(key: Key, options: LockOptions & { ifAvailable: true }): Promise<Lock | null>;
  /** Without `ifAvailable` the result is never `null`. */
  lock(key: Key, options?: LockOptions & { ifAvailable?: false }): Promise<Lock>;
  /** With options that are not known at compile time the result may be `null`. */
  lock(key: Key, options?: LockOptions): Promise<Lock | null>;
  lock(key: Key, options: LockOptions = {}): Promise<Lock | null> {
    return this.#locks.lock(key, options, this.signal);
  }

  /**
   * Ends the process; without a reason, with a `SynodError` `exited`. Resolves when everything that it owned
   * is released, or after the node's `timeout` (releases continue). Never rejects; may be called again.
   */
  async exit(reason?: unknown): Promise<void> {
    const why = reason ?? new SynodError("exited", "The process was told to exit");
    const hasEnded = this.#end(reason, why);
    if (hasEnded) this.#settle.reject(why);
    await this.#host.within(this.#released!);
    if (hasEnded && !wasAskedFor(why)) this.#report(why);
  }

  /** As {@linkcode exit}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.exit();
  }

  #run(fn: (self: Process<unknown>) => R | PromiseLike<R>): void {
    // Runs in a later turn, so that the caller of `spawn` has the process before its function begins.
    Promise.resolve().then(() => {
      if (this.#owner.ended) return;
      return Promise.resolve(fn(this as Process<unknown>)).then((value) => {
        if (!this.#end(undefined, new SynodError("exited", "The process has ended"))) return;
        this.#settle.resolve(value);
      });
    }).catch((error) => {
      if (!this.#end(error, error)) return;
      this.#settle.reject(error);
      this.#report(error);
    });
  }

  /** Reports a failure to the node, unless callers that wait for the end read the result. */
  #report(error: unknown): void {
    // These callers go on in the next turn of promises.
    Promise.resolve().then(() => {}).then(() => {
      if (!this.#observed) this.#host.failed(this as Process<unknown>, error);
    });
  }

  /** Ends the process; `false` if it had ended already. */
  #end(reason: unknown, why: unknown): boolean {
    if (this.#owner.ended) return false;
    this.#host.table.end(this.#owner);
    this.#stopListening();
    // Set before any listener runs, since a listener may call `exit`.
    let begun!: (released: Promise<unknown>) => void;
    this.#released = new Promise<unknown>((resolve) => begun = resolve).then(() => {});
    begun(Promise.all([this.#host.table.release(this.#owner), this.#locks.close(why)]));
    this.#aborter.abort(why);
    this.#exit({ reason });
    this.#host.ended(this as Process<unknown>);
    return true;
  }
}

/** Whether the end was requested without a reason: that is not a failure. */
function wasAskedFor(why: unknown): boolean {
  if (why instanceof DOMException) return why.name === "AbortError";
  return why instanceof SynodError && (why.code === "exited" || why.code === "closed");
}
