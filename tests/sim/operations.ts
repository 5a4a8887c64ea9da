import type { Cluster, Station } from "./cluster.ts";

/** How an operation ended, for statistics. */
export type Outcome =
  | "ok"
  | "not_found"
  | "invalid_value"
  | "no_quorum"
  | "aborted"
  | "ended"
  | "timeout"
  | "unavailable"
  | "stolen"
  | "threw"
  | "no_host"
  | "unknown";

/** What is under way, in the name of users, and how it ended. */
export class Operations {
  /** How often each kind of operation ended in each way. */
  readonly counts: Record<string, Partial<Record<Outcome, number>>> = {};
  readonly #cluster: Cluster;
  readonly #report: (violation: string) => void;
  readonly #pending = new Map<symbol, { readonly station: Station; readonly label: string }>();

  /** Nothing is under way. */
  constructor(cluster: Cluster, report: (violation: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  /** What is still under way on nodes that have not crashed. */
  get pending(): string[] {
    return [...this.#pending.values()]
      .filter(({ station }) => !station.machine.crashed)
      .map(({ label }) => label);
  }

  /** How many have ended so far. */
  get ended(): number {
    const ends = Object.values(this.counts).flatMap((counts) => Object.values(counts));
    return ends.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Runs one operation; sees to it that only expected errors come out of it. `failure` says how it ended
   * with an error, or `undefined` if it must not have.
   */
  async run(
    station: Station,
    kind: string,
    label: string,
    body: () => Promise<Outcome>,
    failure: (error: unknown) => Outcome | undefined,
  ): Promise<void> {
    const { simulation } = this.#cluster;
    const id = Symbol();
    this.#pending.set(id, { station, label });
    simulation.note(label);
    const counts = this.counts[kind] ??= {};
    let outcome: Outcome;
    try {
      outcome = await body();
      simulation.note(`${label} -> ${outcome}`);
    } catch (error) {
      const expected = failure(error);
      if (expected === undefined) {
        this.#report(`${label}: unexpected ${error instanceof Error ? error.stack : error}`);
      }
      outcome = expected ?? "ended";
      simulation.note(`${label} -> ${outcome}: ${error}`);
    }
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    this.#pending.delete(id);
  }
}
