import type { Cluster } from "./cluster.ts";
import type { Random } from "./random.ts";

/** Milliseconds between two starts, or `ready`: each one when the one before has a quorum. */
export type ReloadSpacing = 50 | 100 | "ready";

/** How everything is reloaded in a run, if it is. Closer starts keep no memory that anybody may count on. */
export function drawReload(random: Random): ReloadSpacing | null {
  return random.chance(0.3) ? random.pick([50, 100, "ready"] as const) : null;
}

/**
 * Starts every member once more while its process still runs, as a hot reload does that closes nothing. What
 * is promised of that holds over channels that lose nothing, so it happens when all faults are over.
 */
export class Reload {
  readonly #cluster: Cluster;
  readonly #spacing: ReloadSpacing;
  readonly #order: string[];

  constructor(cluster: Cluster, spacing: ReloadSpacing) {
    this.#cluster = cluster;
    this.#spacing = spacing;
    const random = cluster.simulation.random.fork("reload");
    const { members } = cluster.scenario;
    const left = [...members];
    this.#order = members.map(() => left.splice(random.integer(0, left.length - 1), 1)[0]);
  }

  /** Whether each member has one process, which has a quorum. */
  get isWhole(): boolean {
    const { scenario: { members }, stations } = this.#cluster;
    return members.every((id) => {
      const running = stations.filter((station) => station.id === id && !station.down);
      return running.length === 1 && !running[0].closing && running[0].ready &&
        running[0].node!.hasQuorum;
    });
  }

  /** Whether the latest process of each member has a quorum. */
  get isOver(): boolean {
    return this.#order.length === 0 && this.#waitingFor.length === 0;
  }

  /** The members whose latest process has no quorum. */
  get #waitingFor(): string[] {
    const { scenario: { members }, up } = this.#cluster;
    return members.filter((id) => !up.some((one) => one.id === id && one.node!.hasQuorum));
  }

  /** Begins with the first member. */
  begin(): void {
    this.#next();
  }

  /** What is still to come. */
  toString(): string {
    return `${this.#order.length} to start, without a quorum: ${this.#waitingFor.join(" ")}`;
  }

  #next(): void {
    const id = this.#order.shift();
    if (id === undefined) return;
    const { simulation } = this.#cluster;
    this.#cluster.replace(this.#cluster.up.find((station) => station.id === id)!);
    const go = () => {
      if (this.#spacing === "ready" && this.#waitingFor.length > 0) simulation.after(1, go);
      else this.#next();
    };
    simulation.after(this.#spacing === "ready" ? 1 : this.#spacing, go);
  }
}
