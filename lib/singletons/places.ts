import type { SessionMonitor } from "../owners/session_monitor.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";

/** Where an instance runs, and its token. */
export interface Place {
  readonly pid: Pid;
  readonly token: number;
}

/** Places that are remembered; the oldest ones beyond that are forgotten. */
const MAX_PLACES = 10_000;

/**
 * Where instances run, as far as known; entries are dropped when their host's session is known to have ended.
 */
export class Places {
  readonly #monitor: SessionMonitor;
  readonly #places = new Map<RegisterId, Place>();
  readonly #sessions = new Map<SessionId, { registers: Set<RegisterId>; stop: () => void }>();

  /** Learns of ended sessions from `monitor`. */
  constructor(monitor: SessionMonitor) {
    this.#monitor = monitor;
  }

  /** The place of the instance of `register`; `undefined` if it is not known. */
  get(register: RegisterId): Place | undefined {
    return this.#places.get(register);
  }

  /** Records the place of an instance. */
  set(register: RegisterId, place: Place): void {
    this.delete(register);
    this.#places.set(register, place);
    const { session } = place.pid;
    let entry = this.#sessions.get(session);
    if (entry === undefined) {
      const stop = this.#monitor.watch(session, () => this.gone(session));
      this.#sessions.set(session, entry = { registers: new Set(), stop });
    }
    entry.registers.add(register);
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= MAX_PLACES) break;
      this.delete(oldest);
    }
  }

  /** Drops the place of an instance; with `token`, only if the place has that token. */
  delete(register: RegisterId, token?: number): void {
    const place = this.#places.get(register);
    if (place === undefined || (token !== undefined && place.token !== token)) return;
    this.#places.delete(register);
    const { session } = place.pid;
    const entry = this.#sessions.get(session);
    if (entry === undefined || !entry.registers.delete(register)) return;
    if (entry.registers.size > 0) return;
    entry.stop();
    this.#sessions.delete(session);
  }

  /** Drops all places in `session`, which has ended. */
  gone(session: SessionId): void {
    const entry = this.#sessions.get(session);
    if (entry === undefined) return;
    for (const register of [...entry.registers]) this.delete(register);
  }

  /** Drops all places. */
  clear(): void {
    for (const register of [...this.#places.keys()]) this.delete(register);
  }
}
