import type { Cluster, Station } from "./simulated_cluster.ts";
import type { Random } from "../../testing/random.ts";

/** The probability that the processes of a run are reported when they end. */
const REPORTED = 0.5;

/** The most reports of one end. */
const MAX_REPORTS = 4;

/** Reports processes that crashed, at random moments after that and several times; a new one may run already. */
export class ExitReports {
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #reports: boolean;
  /** The number of reports that a quorum has taken. */
  taken = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    // A separate stream, so that the other draws of a seed do not depend on it.
    this.#random = cluster.simulation.random.fork("exit reports");
    this.#reports = this.#random.chance(REPORTED);
  }

  /** To be called when the process of `station` has ended. */
  ended(station: Station): void {
    if (!this.#reports || station.node === null || station.isGuest) return;
    const { simulation, scenario } = this.#cluster;
    const { life } = station.node;
    // Its last turn may have stalled, and has been run to its end already: what it did happens only then.
    const over = station.machine.time - simulation.time;
    for (let left = this.#random.integer(0, MAX_REPORTS); left > 0; left--) {
      const longest = this.#random.pick([0, 20, 3 * scenario.sessionTtl]);
      const wait = over + this.#random.between(0, longest);
      simulation.after(wait, () => this.#report(station.name, life));
    }
  }

  #report(name: string, life: string): void {
    const { simulation } = this.#cluster;
    const up = this.#cluster.up.filter(({ isGuest }) => !isGuest);
    if (up.length === 0) return;
    const reporter = this.#random.pick(up);
    reporter.machine.run(() => {
      if (reporter.down || reporter.closing) return;
      simulation.note(`${reporter.name} reports that ${name} has ended`);
      reporter.node!.reportExit(life).then(({ ok }) => {
        if (ok) this.taken++;
      }, () => {
        // The reporter closes.
      });
    });
  }
}
