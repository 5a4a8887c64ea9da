import type { Pid } from "../../lib/paxos/register.ts";
import type { Station } from "./simulated_cluster.ts";
import type { Simulation } from "../../testing/simulation.ts";

/** A key that the users of a run share. */
export interface SharedKey {
  readonly bucket: string | undefined;
  readonly key: string;
  /** Bucket and key as text, for reports and for the history. */
  readonly name: string;
}

/** A process of a run, and its station. */
export interface KnownProcess {
  readonly station: Station;
  readonly process: { readonly pid: Pid; readonly signal: AbortSignal };
}

/**
 * Knowledge that only an outside observer has: the processes and sessions that are alive at this instant. The
 * checks use it to decide whether an action of the cluster was justified.
 */
export class World {
  readonly #simulation: Simulation;
  readonly #stations: () => readonly Station[];
  readonly #processes = new Map<string, KnownProcess>();
  /** The highest session number that each life was seen to request. */
  readonly #newest = new Map<string, number>();
  /** The requests of guests for locks that these want to leave, by session and number. */
  readonly #leaving = new Set<string>();
  /** The stations that have voted, by incarnation: a member that is removed, and added again, takes a new life. */
  readonly #voters = new Map<string, Station>();
  /** How far ahead it has looked when it found the session of a station over, in virtual time. */
  readonly #lookedAhead = new Map<Station, number>();

  constructor(simulation: Simulation, stations: () => readonly Station[]) {
    this.#simulation = simulation;
    this.#stations = stations;
  }

  /** A process was spawned. */
  spawned(known: KnownProcess): void {
    const { session, seq } = known.process.pid;
    this.#processes.set(`${session}/${seq}`, known);
  }

  /** A node was seen to request `session`. */
  asked(session: string): void {
    const [, life, sequence] = session.split("/");
    this.#newest.set(life, Math.max(Number(sequence), this.#newest.get(life) ?? 0));
  }

  /** A guest asks for the end of its request for a lock; `request` is its session and number. */
  leaves(request: string): void {
    this.#leaving.add(request);
  }

  /** Whether a guest has asked for that. */
  isLeaving(request: string): boolean {
    return this.#leaving.has(request);
  }

  /** The virtual time of the machine of this incarnation of a member. */
  timeOf(incarnation: string): number {
    // A node may vote before it has joined; it is not known yet.
    return this.#voterOf(incarnation)?.machine.time ?? this.#simulation.time;
  }

  /** Whether the owner of `session` may still believe in it at `time`, if no event happens until then. */
  isSessionOpen(session: string, time: number): boolean {
    const [, life, sequence] = session.split("/");
    const station = this.#stationOf(life);
    if (station === undefined) return false;
    const now = this.#simulation.time;
    const isOpenNow = time > now && believes(station, now);
    if (!believes(station, time)) {
      // What was once seen to be over stays over for the node, whose timer for the deadline is still to come.
      if (isOpenNow) this.#lookedAhead.set(station, time);
      return false;
    }
    return Number(sequence) >= (this.#newest.get(life) ?? 0);
  }

  /** Until when the timer for the deadline of a station's session may be to come, although the session is over. */
  timerUntil(station: Station): number {
    return this.#lookedAhead.get(station) ?? 0;
  }

  /** Whether the process with this pid was seen to start. */
  isKnown({ session, seq }: Pid): boolean {
    return this.#processes.has(`${session}/${seq}`);
  }

  /** Whether the process with this pid may still believe at `time` that it is alive. */
  isProcessOpen({ session, seq }: Pick<Pid, "session" | "seq">, time: number): boolean {
    const known = this.#processes.get(`${session}/${seq}`);
    return known !== undefined && !wasAborted(known.process.signal) &&
      this.isSessionOpen(session, time);
  }

  /** The member that has this incarnation. */
  memberOf(incarnation: string): string {
    return this.#voterOf(incarnation)?.id ?? incarnation;
  }

  /** A member in this incarnation has voted. */
  voted(incarnation: string): void {
    this.#voterOf(incarnation);
  }

  /** Whether the memory of this incarnation of a member exists, or existed until a crash without a restart. */
  remembers(incarnation: string): boolean {
    const station = this.#voterOf(incarnation);
    return station !== undefined && isIn(station, incarnation) &&
      this.#stations().findLast(({ id }) => id === station.id) === station;
  }

  /** Whether the wall clock of at least one machine has shown `time` or later so far. */
  isPast(time: number): boolean {
    return this.#stations().some(({ machine }) => machine.latestWall >= time);
  }

  /** Whether the wall clocks of all nodes that are up show `time` or later now. */
  isPastEverywhere(time: number): boolean {
    return this.#stations().every(({ machine, down }) =>
      down || machine.peek(machine.time, () => machine.wallNow()) >= time
    );
  }

  /** The station of a memory, whatever life it is in now. */
  #voterOf(incarnation: string): Station | undefined {
    let station = this.#voters.get(incarnation);
    if (station !== undefined) return station;
    station = this.#stationOf(incarnation);
    if (station !== undefined) this.#voters.set(incarnation, station);
    return station;
  }

  #stationOf(life: string): Station | undefined {
    return this.#stations().find(({ node }) => node?.life === life);
  }
}

/**
 * Whether `signal` has aborted so far. A direct access to `aborted` has an effect: the signals of this library
 * then check the clock. An observer must not influence the run.
 */
export function wasAborted(signal: AbortSignal): boolean {
  return ABORTED.call(signal);
}

const ABORTED: () => boolean = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!
  .get!;

/** Whether a station is still in this life: without it, it has dropped its memory. */
function isIn({ node }: Station, life: string): boolean {
  return node?.life === life;
}

/** Whether the node on `station` would report a valid session at `time`. */
function believes({ machine, node, down }: Station, time: number): boolean {
  return !down && !machine.crashed && node !== null && machine.peek(time, () => node.hasQuorum);
}
