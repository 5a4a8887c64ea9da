import type { Pid } from "../../lib/paxos/register.ts";
import type { Station } from "./cluster.ts";
import type { Simulation } from "./simulation.ts";

/** A key that the users of a run share. */
export interface SharedKey {
  readonly bucket: string | undefined;
  readonly key: string;
  /** Bucket and key, for a person and for the history. */
  readonly name: string;
}

/** A process of a run, and where it lives. */
export interface KnownProcess {
  readonly station: Station;
  readonly process: { readonly pid: Pid; readonly signal: AbortSignal };
}

/**
 * What only somebody outside of the cluster can know: who is alive at this very instant. The checks
 * ask here whether something that the cluster did was justified.
 */
export class World {
  readonly #simulation: Simulation;
  readonly #stations: () => readonly Station[];
  readonly #processes = new Map<string, KnownProcess>();
  /** For each life, the highest number of a session that it was seen to ask for. */
  readonly #newest = new Map<string, number>();
  /** The incarnations that have voted. */
  readonly #voters = new Set<string>();

  constructor(simulation: Simulation, stations: () => readonly Station[]) {
    this.#simulation = simulation;
    this.#stations = stations;
  }

  /** A process was spawned. */
  spawned(known: KnownProcess): void {
    const { session, seq } = known.process.pid;
    this.#processes.set(`${session}/${seq}`, known);
  }

  /** A node was seen to ask for `session`. */
  asked(session: string): void {
    const [, life, sequence] = session.split("/");
    this.#newest.set(life, Math.max(Number(sequence), this.#newest.get(life) ?? 0));
  }

  /** The virtual time that the machine of this incarnation of a member is at. */
  timeOf(incarnation: string): number {
    // A node may vote before it has joined, and is not known yet.
    return this.#stationOf(incarnation)?.machine.time ?? this.#simulation.time;
  }

  /** Whether its owner may still believe in `session` at `time`, if nothing happens until then. */
  isSessionOpen(session: string, time: number): boolean {
    const [, life, sequence] = session.split("/");
    const station = this.#stationOf(life);
    return station !== undefined && believes(station, time) &&
      Number(sequence) >= (this.#newest.get(life) ?? 0);
  }

  /** Whether the process with this pid was seen to begin. */
  isKnown({ session, seq }: Pid): boolean {
    return this.#processes.has(`${session}/${seq}`);
  }

  /** Whether the process with this pid may still believe that it lives at `time`. */
  isProcessOpen({ session, seq }: Pick<Pid, "session" | "seq">, time: number): boolean {
    const known = this.#processes.get(`${session}/${seq}`);
    return known !== undefined && !wasAborted(known.process.signal) &&
      this.isSessionOpen(session, time);
  }

  /** Which member this is an incarnation of. */
  memberOf(incarnation: string): string {
    return this.#stationOf(incarnation)?.id ?? incarnation;
  }

  /** A member in this incarnation has voted. */
  voted(incarnation: string): void {
    this.#voters.add(incarnation);
  }

  /**
   * Whether the memory of this incarnation of a member exists, or did until it crashed for good. A process
   * that runs beside its successor goes on as the member until that one votes.
   */
  remembers(incarnation: string): boolean {
    const station = this.#stationOf(incarnation);
    if (station === undefined) return false;
    const ofMember = this.#stations().filter(({ id }) => id === station.id);
    const later = ofMember.slice(ofMember.indexOf(station) + 1);
    if (later.length === 0) return true;
    return !station.down && !station.machine.crashed &&
      later.every(({ node }) => node === null || !this.#voters.has(node.life));
  }

  /** Whether the wall clock of some machine can have shown `time` or later so far. */
  isPast(time: number): boolean {
    return this.#stations().some(({ machine }) => machine.latestWall >= time);
  }

  /** Whether the wall clock of every node that is up shows `time` or later now. */
  isPastEverywhere(time: number): boolean {
    return this.#stations().every(({ machine, down }) =>
      down || machine.peek(machine.time, () => machine.wallNow()) >= time
    );
  }

  #stationOf(life: string): Station | undefined {
    return this.#stations().find(({ node }) => node?.life === life);
  }
}

/**
 * Whether `signal` has aborted so far. To ask it directly would do more: the signals of this library look
 * at the clock then, and nobody may be disturbed by being looked at.
 */
export function wasAborted(signal: AbortSignal): boolean {
  return ABORTED.call(signal);
}

const ABORTED: () => boolean = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!
  .get!;

/** Whether the node on `station` would say, if it were asked at `time`, that its session is valid. */
function believes({ machine, node, down }: Station, time: number): boolean {
  return !down && !machine.crashed && node !== null && machine.peek(time, () => node.hasQuorum);
}
