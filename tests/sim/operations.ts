import type { Cluster, Station } from "./simulated_cluster.ts";

/** The outcome of an operation, for statistics. */
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
  | "not_ready"
  | "overtaken"
  | "conflict"
  | "unknown";

/** The operations of users under way, and the outcomes of those that have ended. */
export class Operations {
  /** The number of outcomes of each kind of operation. */
  readonly counts: Record<string, Partial<Record<Outcome, number>>> = {};
  readonly #cluster: Cluster;
  readonly #report: (violation: string) => void;
  readonly #pending = new Map<symbol, { readonly station: Station; readonly label: string }>();

  /** Starts without operations. */
  constructor(cluster: Cluster, report: (violation: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  /** The labels of operations still under way on nodes that have not crashed, and do not wait to be added. */
  get pending(): string[] {
    return [...this.#pending.values()]
      .filter(({ station }) => !station.machine.crashed && !this.#cluster.waits(station))
      .map(({ label }) => label);
  }

  /** The number of ended operations. */
  get ended(): number {
    const ends = Object.values(this.counts).flatMap((counts) => Object.values(counts));
    return ends.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Runs one operation, and reports unexpected errors. `failure` returns the outcome for an error, or
   * `undefined` for an unexpected one.
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
