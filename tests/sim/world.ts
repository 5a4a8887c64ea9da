import type { Process } from "../../lib/processes.ts";
import type { Station } from "./cluster.ts";

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
  readonly process: Process<unknown>;
}

/**
 * What only somebody outside of the cluster can know: who is alive at this very instant. The checks
 * ask here whether something that the cluster did was justified.
 */
export class World {
  readonly #stations: () => readonly Station[];
  readonly #processes = new Map<string, KnownProcess>();
  /** For each life, the highest number of a session that it was seen to ask for. */
  readonly #newest = new Map<string, number>();

  constructor(stations: () => readonly Station[]) {
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

  /** Whether its owner may still believe in `session`, at this instant. */
  isSessionOpen(session: string): boolean {
    const [, life, sequence] = session.split("/");
    const station = this.#stations().find(({ node }) => node?.life === life);
    return station !== undefined && believes(station) &&
      Number(sequence) >= (this.#newest.get(life) ?? 0);
  }

  /** Whether the memory of this incarnation of a member exists, or did until it crashed for good. */
  remembers(incarnation: string): boolean {
    const stations = this.#stations();
    const station = stations.find(({ node }) => node?.life === incarnation);
    return station !== undefined && stations.findLast(({ id }) => id === station.id) === station;
  }

  /** Whether the process with this pid may still believe that it lives, at this instant. */
  isProcessOpen({ session, seq }: { session: string; seq: number }): boolean {
    const known = this.#processes.get(`${session}/${seq}`);
    return known !== undefined && !known.process.signal.aborted && this.isSessionOpen(session);
  }

  /** Whether the wall clock of some machine can have shown `time` or later so far. */
  isPast(time: number): boolean {
    return this.#stations().some(({ machine }) => machine.latestWall >= time);
  }

  /** Whether the wall clock of every node that is up shows `time` or later now. */
  isPastEverywhere(time: number): boolean {
    return this.#stations().every(({ machine, down }) =>
      down || machine.peek(() => machine.wallNow()) >= time
    );
  }
}

/** Whether the node on `station` would say, if it were asked now, that its session is valid. */
function believes({ machine, node, down }: Station): boolean {
  return !down && !machine.crashed && node !== null && machine.peek(() => node.hasQuorum);
}
