import type { Random } from "../../testing/random.ts";
import { turn } from "../support/wait.ts";
import type { Book } from "./book.ts";
import type { Cluster, Station } from "./process_cluster.ts";
import type { Operations } from "./operations.ts";
import type { Bind } from "./orders.ts";

/** Users of each kind on each node. */
const HANDS = { kv: 2, watch: 1, lock: 1, call: 1 } as const;

/** Longest pause of a user between operations, in milliseconds. */
const THINK = 80;

/** Time for which users take keys of one generation, in milliseconds; it bounds the length of a history. */
const GENERATION = 2_000;

/** Numbers of contended keys, locks and singletons in a generation. */
const KEYS = 6;
/** Keys whose values may be unbound: such a value never changes again. */
const LASTING_KEYS = 2;
const LOCKS = 3;
const COUNTERS = 3;

/**
 * Users: a few on every node, each of which runs one operation after the other while the node has a
 * process.
 */
export class Users {
  readonly #cluster: Cluster;
  readonly #book: Book;
  readonly #operations: Operations;
  readonly #random: Random;
  readonly #begun = performance.now();
  #loops: Promise<void>[] = [];
  #over = false;

  constructor(cluster: Cluster, book: Book, operations: Operations, random: Random) {
    this.#cluster = cluster;
    this.#book = book;
    this.#operations = operations;
    this.#random = random;
  }

  /** Starts the users. */
  start(): void {
    for (const station of this.#cluster.stations) {
      for (const [kind, hands] of Object.entries(HANDS)) {
        for (let hand = 0; hand < hands; hand++) {
          const random = this.#random.fork(`${station.id} ${kind} ${hand}`);
          this.#loops.push(this.#work(station, kind as keyof typeof HANDS, hand, random));
        }
      }
    }
  }

  /** Starts no more operations; resolves when all that are under way have ended. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#loops);
  }

  async #work(
    station: Station,
    kind: keyof typeof HANDS,
    hand: number,
    random: Random,
  ): Promise<void> {
    while (!this.#over) {
      await turn(random.between(0, THINK));
      // A user whose node stays down must notice the end of the run.
      if (station.remote === null) await Promise.race([station.up, turn(200)]);
      if (this.#over || station.remote === null) continue;
      if (kind === "kv") await this.#useKv(station, hand, random);
      else if (kind === "watch") {
        const key = this.#key(random.integer(1, KEYS), random);
        await this.#operations.watch(station, key, random.between(0, 1_000));
      } else if (kind === "lock") await this.#useLock(station, random);
      else await this.#useCounter(station, random);
    }
  }

  async #useKv(station: Station, hand: number, random: Random): Promise<void> {
    const number = random.integer(1, KEYS);
    const key = this.#key(number, random);
    const kind = random.weighted({ put: 20, claim: 25, get: 35, token: 8, node: 6, exit: 16 });
    switch (kind) {
      case "put":
      case "claim":
        await this.#operations.put(
          station,
          kind,
          key,
          this.#bind(number <= LASTING_KEYS, hand, random),
        );
        break;
      case "exit":
        await this.#operations.exit(station, hand);
        break;
      default:
        await this.#operations.read(station, kind, key);
    }
  }

  #key(number: number, random: Random): string {
    const age = performance.now() - this.#begun;
    const generation = Math.floor(age / GENERATION) - (random.chance(0.25) ? 1 : 0);
    return `${this.#book.era}${generation}.${number}`;
  }

  #bind(mayLast: boolean, hand: number, random: Random): Bind {
    const nothing = mayLast ? 30 : 0;
    switch (random.weighted({ nothing, node: 8, process: 45, pid: 15, time: 32 })) {
      case "nothing":
        return { to: "nothing" };
      case "node":
        return { to: "node", id: random.pick(this.#cluster.stations).id };
      case "process":
        return { to: "process", user: hand };
      case "pid": {
        const pid = this.#operations.pidOf(random.pick(this.#cluster.stations).id);
        return pid === undefined ? { to: "process", user: hand } : { to: "pid", pid };
      }
      case "time":
        return { to: "time", after: random.integer(1, 150) };
    }
  }

  async #useLock(station: Station, random: Random): Promise<void> {
    await this.#operations.add(station, `lock ${random.integer(1, LOCKS)}`, {
      shared: random.chance(0.2),
      ifAvailable: random.chance(0.1),
      work: random.chance(0.15) ? random.between(0, 1_500) : random.between(0, 30),
      timeout: random.chance(0.3) ? random.between(1, 300) : random.between(300, 5_000),
      careful: random.chance(0.5),
    });
  }

  async #useCounter(station: Station, random: Random): Promise<void> {
    const work = random.chance(0.2) ? random.between(0, 200) : 0;
    await this.#operations.call(station, `counter ${random.integer(1, COUNTERS)}`, work);
  }
}
