import type { Key } from "../codec.ts";
import { SynodError } from "../errors.ts";
import type { PaxosKV } from "../kv/paxos_kv.ts";
import type { Lock } from "../locks/lock.ts";
import type { LockOptions } from "../locks/options.ts";
import type { ProcessLocks } from "../locks/process_locks.ts";
import { checkedSignal } from "../node/runtime/checked_signal.ts";
import { showAs } from "../node/runtime/inspect.ts";
import { onAbort } from "../node/runtime/on_abort.ts";
import { show } from "../node/runtime/show.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import type { Pid } from "../paxos/register.ts";
import type { Owner, ProcessTable } from "../owners/process_table.ts";

/** How to start a process. */
export interface SpawnOptions {
  /** Aborting it ends the process, with the signal's reason. */
  signal?: AbortSignal;
}

const NAMES: OptionNames<SpawnOptions> = { signal: true };

/** Checks how to start a process; throws a `TypeError` that names the option. */
export function checkSpawnOptions(options: SpawnOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`spawn: options must be an object, received ${show(options)}`);
  }
  refuseUnknown("spawn", options, NAMES);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`spawn: signal must be an AbortSignal, received ${show(signal)}`);
  }
}

/** What a process needs of the node that it lives in. */
export interface ProcessHost {
  readonly table: ProcessTable;
  /** The KV as this process sees it: what it has under way ends with it. */
  kvFor(signal: AbortSignal): PaxosKV;
  /** Ends what depended on the node's session, if its deadline has passed by now. */
  check(): void;
  /** The locks of this process. */
  locksFor(owner: Owner): ProcessLocks;
  /** The process has ended. */
  ended(process: Process<unknown>): void;
  /** Its function failed, and nobody looks at the result. */
  failed(process: Process<unknown>, error: unknown): void;
  /** At most so many milliseconds are spent on releasing what it owned before `exit` returns. */
  within<T>(promise: Promise<T>): Promise<T | void>;
}

/**
 * The unit that owns things in a cluster, as a process does in Erlang. It lives in one node, and ends
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
export class Process<R = void> {
  /** What others know this process by. */
  readonly pid: Pid;
  /**
   * Aborts when the process ends, for whatever reason. `aborted` is right at the instant of asking, also
   * after a pause that outlasted the session.
   */
  readonly signal: AbortSignal;
  /** The node's KV; what this process has under way in it is aborted when it ends. */
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
    // Nobody has to look at the result: what fails without an observer becomes an event of the node.
    this.#result.catch(() => {});
    const { signal } = options;
    if (signal !== undefined) {
      this.#stopListening = onAbort(signal, () => void this.exit(signal.reason));
    }
    if (fn !== undefined) this.#run(fn);
  }

  /**
   * What the function returned. Rejects with what it threw, or with the reason of the exit.
   *
   * Ignoring a failure is no unhandled rejection, but a `processerror` event of the node, unless the result
   * was asked for by the time the function had thrown or `exit` resolves. An end that somebody asked for
   * and gave no reason for is no failure: `exit()` and `await using`, the `AbortError` of a signal that was
   * aborted without a reason, and `close()` of the node. An end with a reason is one, as is the loss of the
   * session.
   */
  get result(): Promise<R> {
    this.#observed = true;
    return this.#result;
  }

  /**
   * Waits for the lock on `key`: first come, first served. Reentrant: a process that has it gets another
   * handle at once, and it is free when all handles were released or the process has ended.
   *
   * All calls of a process share one request. If it is exclusive, shared calls get handles of the exclusive
   * lock. If it is shared and still waits when a call wants the lock exclusive, an exclusive request takes
   * its place, at the end of the queue, and all calls get handles of that lock: so a process never waits for
   * itself. Once the process has the lock shared, wanting it exclusive is a `TypeError`.
   *
   * Rejects as `node.lock`, and with the reason of the process's end.
   */
  lock(key: Key, options: LockOptions & { ifAvailable: true }): Promise<Lock | null>;
  /** Without `ifAvailable` there always is a lock in the end. */
  lock(key: Key, options?: LockOptions & { ifAvailable?: false }): Promise<Lock>;
  /** With options that are not known before the program runs, there may be none. */
  lock(key: Key, options?: LockOptions): Promise<Lock | null>;
  lock(key: Key, options: LockOptions = {}): Promise<Lock | null> {
    return this.#locks.lock(key, options, this.signal);
  }

  /**
   * Ends the process; without a reason, with a `SynodError` `exited`. Resolves when what it owned is
   * released, or after the node's `timeout` (it goes on releasing). Never rejects; again is harmless.
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
    // In a turn of its own: whoever spawns it has the process in hand before its function begins.
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

  /** Tells the node of a failure, unless the result is asked for by the callers that wait for the end. */
  #report(error: unknown): void {
    // They go on in the next turn of promises.
    Promise.resolve().then(() => {}).then(() => {
      if (!this.#observed) this.#host.failed(this as Process<unknown>, error);
    });
  }

  /** Says whether it had not ended before. */
  #end(reason: unknown, why: unknown): boolean {
    if (this.#owner.ended) return false;
    this.#host.table.end(this.#owner);
    this.#stopListening();
    // Before anybody is told: a listener may ask for the exit, too.
    let begun!: (released: Promise<unknown>) => void;
    this.#released = new Promise<unknown>((resolve) => begun = resolve).then(() => {});
    begun(Promise.all([this.#host.table.release(this.#owner), this.#locks.close(why)]));
    this.#aborter.abort(why);
    this.#exit({ reason });
    this.#host.ended(this as Process<unknown>);
    return true;
  }
}

/** Whether a process ended since somebody wanted it to, and gave no reason: that is no failure. */
function wasAskedFor(why: unknown): boolean {
  if (why instanceof DOMException) return why.name === "AbortError";
  return why instanceof SynodError && (why.code === "exited" || why.code === "closed");
}
