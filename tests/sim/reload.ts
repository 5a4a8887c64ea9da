import type { Cluster } from "./simulated_cluster.ts";
import type { Random } from "../../testing/random.ts";

/** Milliseconds between two starts; `ready`: each start waits until the previous one has a quorum. */
export type ReloadSpacing = 50 | 100 | "ready";

/** Draws the reload of a run, or `null` for none. With closer starts no memory is guaranteed to survive. */
export function drawReload(random: Random): ReloadSpacing | null {
  return random.chance(0.3) ? random.pick([50, 100, "ready"] as const) : null;
}

/**
 * Starts each member again while its process still runs, like a hot reload that closes nothing. The guarantee
 * for that holds over channels without losses, so the reload happens after all faults.
 */
export class Reload {
  readonly #cluster: Cluster;
  readonly #spacing: ReloadSpacing;
  #order: string[] = [];

  constructor(cluster: Cluster, spacing: ReloadSpacing) {
    this.#cluster = cluster;
    this.#spacing = spacing;
  }

  /** Whether each member has one process, which has a quorum. */
  get isWhole(): boolean {
    const { lists: { members }, isChanging, stations } = this.#cluster;
    // A single member has no other one to copy from.
    return !isChanging && members.length > 1 && members.every((id) => {
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
    const { lists: { members }, up } = this.#cluster;
    return members.filter((id) => !up.some((one) => one.id === id && one.node!.hasQuorum));
  }

  /** Starts the first member. */
  begin(): void {
    const { lists: { members }, simulation } = this.#cluster;
    const random = simulation.random.fork("reload");
    const left = [...members];
    this.#order = members.map(() => left.splice(random.integer(0, left.length - 1), 1)[0]);
    this.#next();
  }

  /** The remaining work, for reports. */
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
