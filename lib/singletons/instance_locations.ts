import type { SessionMonitor } from "../owners/session_monitor.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";

/** Where an instance runs, and its token. */
export interface InstanceLocation {
  readonly pid: Pid;
  readonly token: number;
}

/** Locations that are remembered; the oldest ones beyond that are forgotten. */
const MAX_LOCATIONS = 10_000;

/**
 * Where instances run, as far as known; entries are dropped when their host's session is known to have ended.
 */
export class InstanceLocations {
  readonly #monitor: Pick<SessionMonitor, "watch">;
  readonly #locations = new Map<RegisterId, InstanceLocation>();
  readonly #sessions = new Map<SessionId, { registers: Set<RegisterId>; stop: () => void }>();

  /** Learns of ended sessions from `monitor`. */
  constructor(monitor: Pick<SessionMonitor, "watch">) {
    this.#monitor = monitor;
  }

  /** The location of the instance of `register`; `undefined` if it is not known. */
  get(register: RegisterId): InstanceLocation | undefined {
    return this.#locations.get(register);
  }

  /** Records the location of an instance. */
  set(register: RegisterId, location: InstanceLocation): void {
    this.delete(register);
    this.#locations.set(register, location);
    const { session } = location.pid;
    let entry = this.#sessions.get(session);
    if (entry === undefined) {
      const stop = this.#monitor.watch(session, () => this.gone(session));
      this.#sessions.set(session, entry = { registers: new Set(), stop });
    }
    entry.registers.add(register);
    for (const oldest of this.#locations.keys()) {
      if (this.#locations.size <= MAX_LOCATIONS) break;
      this.delete(oldest);
    }
  }

  /** Drops the location of an instance; with `token`, only if the location has that token. */
  delete(register: RegisterId, token?: number): void {
    const location = this.#locations.get(register);
    if (location === undefined || (token !== undefined && location.token !== token)) return;
    this.#locations.delete(register);
    const { session } = location.pid;
    const entry = this.#sessions.get(session);
    if (entry === undefined || !entry.registers.delete(register)) return;
    if (entry.registers.size > 0) return;
    entry.stop();
    this.#sessions.delete(session);
  }

  /** Drops all locations in `session`, which has ended. */
  gone(session: SessionId): void {
    const entry = this.#sessions.get(session);
    if (entry === undefined) return;
    for (const register of [...entry.registers]) this.delete(register);
  }

  /** Drops all locations. */
  clear(): void {
    for (const register of [...this.#locations.keys()]) this.delete(register);
  }
}
