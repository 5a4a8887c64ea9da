import { SynodError } from "../../mod.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";
import type { History } from "./history.ts";
import type { Random } from "../../testing/random.ts";
import type { SharedKey } from "./world.ts";

/** The last change that a watcher received. */
type Told = { present: true; value: string; token: number } | { present: false };

/** One `watch` on one key. */
interface Watcher {
  readonly station: Station;
  readonly key: SharedKey;
  told: Told | undefined;
  /** Whether its user has stopped it, or its node is gone. */
  ended: boolean;
}

/** Users that watch keys on every node; each checks the changes that it receives. */
export class Watchers {
  readonly #cluster: Cluster;
  readonly #history: History;
  readonly #random: Random;
  readonly #keys: readonly SharedKey[];
  readonly #report: (violation: string) => void;
  readonly #watchers: Watcher[] = [];

  constructor(
    cluster: Cluster,
    history: History,
    keys: readonly SharedKey[],
    report: (violation: string) => void,
  ) {
    this.#cluster = cluster;
    this.#history = history;
    this.#keys = keys;
    this.#report = report;
    this.#random = cluster.simulation.random.fork("watchers");
    cluster.onStart((station) => {
      const random = this.#random.fork(station.name);
      const count = random.integer(0, 2);
      for (let i = 0; i < count; i++) this.#start(station, random.fork(`watcher ${i}`));
    });
  }

  /** Reports of the watchers whose last change differs from `expected`, when no more changes happen. */
  behind(expected: ReadonlyMap<string, Told>): string[] {
    return this.#watchers.filter(({ station, key, told, ended }) => {
      if (ended || station.down || station.machine.crashed) return false;
      return JSON.stringify(told) !== JSON.stringify(expected.get(key.name));
    }).map(({ station, key, told }) =>
      `${station.name} watches ${key.name} and was last told ${JSON.stringify(told)}`
    );
  }

  /** The number of active watchers on nodes that have not crashed. */
  get active(): number {
    return this.#watchers.filter(({ ended, station }) => !ended && !station.machine.crashed).length;
  }

  #start(station: Station, random: Random): void {
    const { machine } = station;
    const { scenario, simulation } = this.#cluster;
    // A node that starts late must not have one that begins after its end.
    const begin = random.between(0, Math.max(0, scenario.duration - simulation.time));
    const key = random.pick(this.#keys);
    const [short, life] = [random.chance(0.3), random.between(0, 5_000)];
    const aborts = random.chance(0.5);
    machine.setTimer(() => {
      if (station.closing) return;
      const watcher: Watcher = { station, key, told: undefined, ended: false };
      this.#watchers.push(watcher);
      const controller = new AbortController();
      const cancel = short && aborts
        ? machine.setTimer(() => controller.abort("enough"), life)
        : () => {};
      void this.#watch(watcher, controller.signal, () => short && !aborts).finally(cancel);
    }, begin);
  }

  async #watch(watcher: Watcher, signal: AbortSignal, leaves: () => boolean): Promise<void> {
    const { station, key } = watcher;
    const label = `${station.name} watches ${key.name}`;
    const { simulation } = this.#cluster;
    simulation.note(label);
    const read = this.#history.read(label);
    const seen = new Set<number>();
    let highest = 0;
    let events = 0;
    try {
      const changes = station.node!.kv.watch<string>(key.key, { bucket: key.bucket, signal });
      for await (const change of changes) {
        events++;
        simulation.note(`${label} -> ${JSON.stringify(change)}`);
        watcher.told = change.present
          ? { present: true, value: change.value, token: change.token }
          : { present: false };
        if (change.present) {
          const { value, token } = change;
          read.saw(key.name, { present: true, value, token });
          if (seen.has(token)) this.#report(`${label} and is told ${value} @${token} twice`);
          if (token < highest) this.#report(`${label} and goes back to ${value} @${token}`);
          seen.add(token);
          highest = Math.max(highest, token);
        } else read.saw(key.name, { present: false });
        if (leaves() && events >= 3) break;
      }
      if (!leaves() && !station.closing) this.#report(`${label}, but it ended by itself`);
    } catch (error) {
      // A node whose place is taken says so to its watches: they have not seen everything.
      const isReplaced = error instanceof SynodError && error.code === "replaced";
      const isOwn = signal.aborted && error === signal.reason;
      if (!isOwn && !isReplaced) this.#report(`${label}, but: ${error}`);
    }
    watcher.ended = true;
  }
}
