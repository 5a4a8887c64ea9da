import { type Cluster, DRIFT } from "./simulated_cluster.ts";
import { History } from "./history.ts";
import type { Observer } from "./observer.ts";
import type { Operations } from "./operations.ts";
import type { Finale, Users } from "./users.ts";
import { Watchers } from "./watchers.ts";
import { LASTING, Workload } from "./workload.ts";
import type { World } from "./world.ts";

/** Users of the KV: they put, read and watch, and record one history. */
export class KvUsers implements Users {
  readonly #cluster: Cluster;
  readonly #observer: Observer;
  readonly #history: History;
  readonly #workload: Workload;
  readonly #watchers: Watchers;
  readonly #report: (violation: string) => void;

  /** Otherwise a last value could end after the last put, rightly, and the watchers would not agree with it. */
  readonly lasting = LASTING;

  constructor(
    cluster: Cluster,
    observer: Observer,
    world: World,
    report: (violation: string) => void,
  ) {
    this.#cluster = cluster;
    this.#observer = observer;
    this.#report = report;
    this.#history = new History(cluster.simulation);
    this.#workload = new Workload(cluster, this.#history, world, report);
    this.#watchers = new Watchers(cluster, this.#history, this.#workload.keys, report);
  }

  get operations(): Operations {
    return this.#workload.operations;
  }

  get judged(): Record<string, number> {
    return { recorded: this.#history.size };
  }

  stop(): void {
    this.#workload.stop();
  }

  judge(): void {}

  /** All nodes read every key, and then agree on a last value for each. */
  async finale({ up, within, pass }: Finale): Promise<void> {
    const { simulation, scenario } = this.#cluster;
    // No value may end by its time after the puts that agree on it: watchers would rightly tell of that.
    const left = this.#workload.timeLeft(up);
    if (left > 0) await pass(1_000 + left * (1 + DRIFT));
    for (const key of this.#workload.keys) {
      for (const station of up) {
        const done = await within(this.#workload.readFinally(station, key));
        if (!done) this.#report(`${station.name} cannot read ${key.name} at the end`);
      }
    }
    this.#observer.checkReleased(simulation.time);
    const expected = new Map<string, { present: true; value: string; token: number }>();
    for (const key of this.#workload.keys) {
      for (const station of up) {
        const agreed = await within(this.#workload.putFinally(station, key));
        if (agreed === undefined) {
          this.#report(`${station.name} cannot put ${key.name} at the end`);
        } else {
          const { value, token } = agreed;
          expected.set(key.name, { present: true, value, token });
        }
      }
    }
    simulation.note("all puts are done; watchers must catch up");
    await pass(3 * scenario.sessionTtl + 1_000);
    for (const late of this.#watchers.behind(expected)) this.#report(late);
  }

  finish(): void {
    const { active } = this.#watchers;
    if (active > 0) this.#report(`${active} watchers did not end`);
    for (const violation of this.#history.check()) this.#report(violation);
  }
}
