import {
  type ClusterNode,
  type ClusterStatus,
  join,
  type Key,
  type Lock,
  type LockManagerSnapshot,
  type LockMode,
  type LockOptions,
  type LockRequestOptions,
  type Pid,
  type Process,
  type PutOptions,
  type Remote,
  SynodError,
} from "../../../mod.ts";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { turn } from "../../support/wait.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../../transports/support/server.ts";
import { type Counter, counterSpec } from "./counter.ts";
import { type Work, work } from "./work.ts";

/** Shortest gap that counts as a pause of the process, and the limit for a pause to begin; in milliseconds. */
const SHORTEST_PAUSE = 1_000;
const LONGEST_PAUSE = 20_000;

/** The transport between the members. */
export type Connection = "webSocket" | "http";

/** The options of a member. */
export interface Joining {
  readonly id: string;
  readonly members: readonly string[];
  readonly connection: Connection;
  readonly peers: Readonly<Record<string, string>>;
  readonly secret: string;
  readonly sessionTtl: number;
}

/** A lock, as reported to the test. */
export interface Held {
  readonly token: number;
  readonly mode: LockMode;
}

/** A request to the lock manager: the argument of its callback, and its outcome. */
interface Request {
  readonly outcome: Promise<unknown>;
  readonly finish: (value: unknown) => void;
}

/**
 * The commands of a member: the public interface. Objects that cannot be sent (locks, processes,
 * signals, iterators) stay here, under names that the test chooses.
 */
export class Commands {
  #server: TestServer | undefined;
  #node: ClusterNode | undefined;
  readonly #locks = new Map<string, Lock>();
  readonly #processes = new Map<string, Process>();
  readonly #requests = new Map<string, Request>();
  readonly #aborters = new Map<string, AbortController>();
  readonly #watches = new Map<string, AsyncIterator<unknown>>();
  #heldAfterPause: Promise<boolean> | undefined;
  #working = false;
  #onHang: () => void = () => {};
  readonly #hanging = new Promise<void>((resolve) => this.#onHang = resolve);
  readonly #counter = counterSpec(() => this.#onHang());

  /** Starts to serve; returns the port. */
  async listen(): Promise<number> {
    this.#server = await TestServer.start();
    return this.#server.port;
  }

  async join({ connection, peers, secret, ...options }: Joining): Promise<void> {
    const transport = connection === "http"
      ? http({ peers, secret })
      : webSocket({ peers, secret, upgradeWebSocket, WebSocket: ClientWebSocket });
    this.#server?.mount(transport.routes);
    this.#node = await join({ ...options, transport, hosts: [this.#counter] });
  }

  async ready(): Promise<void> {
    await this.#joined.ready;
  }

  status(): Promise<ClusterStatus> {
    return this.#joined.status();
  }

  /** Closes everything, so that the process has nothing left to do. */
  async close(): Promise<void> {
    await this.#node?.close();
    await this.#server?.close();
    this.#node = this.#server = undefined;
  }

  // The KV.

  put(key: Key, value: unknown, options?: PutOptions) {
    return this.#joined.kv.put(key, value, options);
  }

  claim(key: Key, value: unknown, options?: PutOptions) {
    return this.#joined.kv.claim(key, value, options);
  }

  get(key: Key, options?: { bucket?: string; default?: unknown }) {
    return this.#joined.kv.get(key, options);
  }

  keys(bucket?: string): Promise<Key[]> {
    return this.#joined.kv.keys(bucket);
  }

  node(key: Key) {
    return this.#joined.kv.node(key);
  }

  pid(key: Key) {
    return this.#joined.kv.pid(key);
  }

  token(key: Key) {
    return this.#joined.kv.token(key);
  }

  watch(name: string, key: Key): void {
    this.#watches.set(name, this.#joined.kv.watch(key)[Symbol.asyncIterator]());
  }

  /** The next state of a watched key. */
  async change(name: string): Promise<unknown> {
    const { value, done } = await get(this.#watches, name).next();
    if (done) throw new Error(`the watch ${name} has ended`);
    return value;
  }

  // Processes.

  spawn(name: string): Pid {
    const process = this.#joined.spawn();
    this.#processes.set(name, process);
    return process.pid;
  }

  async exit(name: string): Promise<void> {
    await get(this.#processes, name).exit();
  }

  // Locks.

  /** Takes the lock and keeps it under `name`; `null` if it is not available. `owner` is an optional process. */
  async lock(name: string, key: Key, options?: LockOptions, owner?: string): Promise<Held | null> {
    const from = owner === undefined ? this.#joined : get(this.#processes, owner);
    const lock = await from.lock(key, options);
    if (lock === null) return null;
    this.#locks.set(name, lock);
    return { token: lock.token, mode: lock.mode };
  }

  /** Whether a lock is held at this instant. */
  held(name: string): boolean {
    return get(this.#locks, name).held;
  }

  /**
   * Blocks the event loop from now on, until the whole process is paused and resumed.
   * {@linkcode heldAfterPause} returns whether the lock was held right after that.
   */
  awaitPause(name: string): void {
    let last = performance.now();
    const limit = last + LONGEST_PAUSE;
    // After this command is answered.
    this.#heldAfterPause = turn().then(() => {
      for (let now = performance.now(); now < limit; now = performance.now()) {
        if (now - last > SHORTEST_PAUSE) return this.held(name);
        last = now;
      }
      throw new Error("there was no pause");
    });
  }

  /** See {@linkcode awaitPause}. */
  async heldAfterPause(): Promise<boolean | undefined> {
    return await this.#heldAfterPause;
  }

  /** Waits until a lock is no longer held; returns the reason. */
  async lost(name: string): Promise<unknown> {
    const { signal } = get(this.#locks, name);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    }
    return signal.reason instanceof SynodError ? signal.reason.code : signal.reason.name;
  }

  async release(name: string): Promise<void> {
    await get(this.#locks, name).release();
  }

  holders(key: Key) {
    return this.#joined.holders(key);
  }

  // The lock manager.

  /** Waits until the callback is called, and returns its argument. The callback returns at `finish`. */
  request(name: string, lock: string, options: LockRequestOptions = {}): Promise<unknown> {
    const aborter = new AbortController();
    this.#aborters.set(name, aborter);
    const { ifAvailable, steal } = options;
    const signal = ifAvailable || steal ? undefined : aborter.signal;
    return new Promise((resolve, reject) => {
      const outcome = this.#joined.locks.request(lock, { ...options, signal }, (lock) => {
        resolve(lock && { name: lock.name, mode: lock.mode, token: lock.token, held: lock.held });
        return new Promise((finish) => this.#requests.set(name, { outcome, finish }));
      });
      outcome.catch(reject);
    });
  }

  /** Aborts a request. */
  abort(name: string): void {
    get(this.#aborters, name).abort();
  }

  /** Lets the callback return `value`; returns the result of the request. */
  async finish(name: string, value: unknown): Promise<unknown> {
    get(this.#requests, name).finish(value);
    return await this.outcome(name);
  }

  /** The result of the request, after its callback has returned or it has lost its lock. */
  async outcome(name: string): Promise<unknown> {
    return await get(this.#requests, name).outcome;
  }

  query(): Promise<LockManagerSnapshot> {
    return this.#joined.locks.query();
  }

  // Singletons: counters that start at 1.

  async call(key: Key, method: keyof Counter, args: unknown[] = []): Promise<unknown> {
    return await this.#joined.call(this.#named(key), method, args as never);
  }

  /** A call with a time limit. */
  async tryCall(key: Key, method: keyof Counter, timeout: number): Promise<unknown> {
    return await this.#joined.call(this.#named(key), method, [] as never, { timeout });
  }

  cast(key: Key, method: keyof Counter): void {
    this.#joined.cast(this.#named(key), method, [] as never);
  }

  whereis(key: Key) {
    return this.#joined.whereis(this.#named(key));
  }

  lookup(key: Key) {
    return this.#joined.lookup(this.#named(key));
  }

  /** Waits until a call that never ends runs here. */
  async hanging(): Promise<void> {
    await this.#hanging;
  }

  // Work.

  /** Puts, reads, locks and releases, repeatedly, until `stop`. */
  async work(name: string): Promise<Work> {
    this.#working = true;
    return await work(this.#joined, name, () => this.#working);
  }

  stop(): void {
    this.#working = false;
  }

  get #joined(): ClusterNode {
    if (this.#node === undefined) throw new Error("it has not joined");
    return this.#node;
  }

  #named(key: Key): Remote<Counter> {
    return this.#joined.name(key, this.#counter, 1);
  }
}

function get<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`there is no object with the name "${name}"`);
  return found;
}
