import { DISK_KEYS, fromDisk } from "../../../lib/codec/disk_entry.ts";
import { partsOf } from "../../../lib/cluster/cluster_node.ts";
import { majority } from "../../../lib/paxos/quorum.ts";
import type { Life } from "../../../mod.ts";
import { Stored } from "./stored.ts";

/** A copy of a disk, as it was before a life of its member began. */
interface Copy {
  readonly life: Life;
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/** Random numbers of a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The life in which the member of this disk was blank; `undefined`: none. It votes in the same one after its first start. */
function blankIn(entries: Copy["entries"]): Life | undefined {
  const value = entries.get(DISK_KEYS.blank);
  const entry = value && fromDisk(DISK_KEYS.blank, value);
  return entry?.kind === "blank" ? entry.life : undefined;
}

/** What happened in a run. */
export interface Counts {
  acknowledged: number;
  crashes: number;
  blackouts: number;
  lost: number;
  rolledBack: number;
}

/**
 * One random run: members that crash, alone and all at once, while others write; disks that are lost and rolled back, at
 * most as many at a time as section 7 allows; a network that is cut. In the end everything that was acknowledged has to be
 * there, and tokens have grown.
 */
export class StorageSearch {
  readonly #random: () => number;
  readonly #cluster: Stored;
  readonly #copies = new Map<string, Copy[]>();
  /** The life in which each member last became operational. */
  readonly #operational = new Map<string, Life>();
  /** Members with a lost or older disk that have not recovered since. */
  readonly #bad = new Set<string>();
  readonly #written = new Map<string, unknown>();
  readonly counts: Counts = { acknowledged: 0, crashes: 0, blackouts: 0, lost: 0, rolledBack: 0 };
  #keys = 0;
  #token = 0;

  constructor(seed: number, size: number) {
    this.#random = randomOf(seed);
    const ids = Array.from({ length: size }, (_, index) => `m${index + 1}`);
    this.#cluster = new Stored({}, ids);
  }

  /** Runs; throws if something acknowledged is lost. `interrupts`: all stop during their first start, at a random time. */
  async run(steps: number, interrupts = false): Promise<Counts> {
    const cluster = this.#cluster;
    await using _ = cluster;
    for (const id of cluster.ids) await this.#start(id);
    if (interrupts) await this.#interrupt();
    else await cluster.ready(...cluster.ids);
    for (let step = 0; step < steps; step++) {
      await this.#step();
      this.#see();
    }
    cluster.time.network.heal();
    for (const id of cluster.ids) if (!cluster.nodes.has(id)) await this.#start(id);
    await cluster.ready(...cluster.ids);
    for (const [key, value] of this.#written) {
      const found = await cluster.get(this.#pick(cluster.ids), key);
      if (found !== value) throw new Error(`${key} was ${value}, and is ${found}`);
    }
    await this.#lock();
    if (cluster.errors.length > 0) throw cluster.errors[0];
    return this.counts;
  }

  /** All stop during their first start; then some disks are lost, and most members start again. */
  async #interrupt(): Promise<void> {
    const { ids } = this.#cluster;
    await this.#cluster.pass(8 + this.#random() * 12);
    for (const id of ids) this.#crash(id);
    for (const id of ids) if (this.#random() < 0.3) this.#spoil(id);
    for (const id of ids) if (this.#random() < 0.7) await this.#start(id);
  }

  async #step(): Promise<void> {
    const cluster = this.#cluster;
    const up = [...cluster.nodes.keys()];
    const down = cluster.ids.filter((id) => !cluster.nodes.has(id));
    const chance = this.#random();
    if (chance < 0.3) {
      if (up.length > 0) this.#put(this.#pick(up));
      await cluster.pass(this.#random() * 20);
    } else if (chance < 0.5) {
      if (down.length > 0) await this.#start(this.#pick(down));
      await cluster.pass(this.#random() * 300);
    } else if (chance < 0.6) {
      if (up.length > 0) this.#crash(this.#pick(up));
    } else if (chance < 0.65) {
      this.counts.blackouts++;
      for (const id of up) this.#crash(id);
    } else if (chance < 0.75) {
      if (down.length > 0) this.#spoil(this.#pick(down));
    } else if (chance < 0.8) {
      const one = this.#pick(cluster.ids);
      cluster.time.network.partition([one], cluster.ids.filter((id) => id !== one));
    } else if (chance < 0.87) {
      cluster.time.network.heal();
    } else {
      await cluster.pass(this.#random() * 3_000);
    }
  }

  async #start(id: string): Promise<void> {
    const entries = this.#cluster.disk(id).snapshot();
    const [node] = await this.#cluster.start(id);
    const copies = this.#copies.get(id) ?? [];
    copies.push({ life: node.life, entries });
    this.#copies.set(id, copies.slice(-4));
  }

  /** A put whose outcome counts when it is acknowledged, also later. */
  #put(id: string): void {
    const key = `key ${this.#keys++}`;
    const node = this.#cluster.nodes.get(id)!;
    node.kv.put(key, id, { timeout: 2_000 }).then((result) => {
      if (!result.ok || this.#cluster.nodes.get(id) !== node) return;
      this.counts.acknowledged++;
      this.#written.set(key, result.value);
    }, () => {});
  }

  #crash(id: string): void {
    this.#see();
    this.counts.crashes++;
    this.#cluster.crash(id);
  }

  /** Notes who has become operational: a member with a bad disk has recovered then. */
  #see(): void {
    for (const [id, node] of this.#cluster.nodes) {
      if (partsOf(node).engine.voter === null) continue;
      this.#operational.set(id, node.life);
      this.#bad.delete(id);
    }
  }

  /** The disk of a member that is down is lost, or rolled back. */
  #spoil(id: string): void {
    const { ids } = this.#cluster;
    const bad = new Set([...this.#bad, id]);
    if (bad.size > ids.length - majority(ids.length)) return;
    if (this.#random() < 0.4) {
      this.#cluster.disk(id).lose();
      this.counts.lost++;
      this.#bad.add(id);
      return;
    }
    const since = this.#operational.get(id);
    const copies = (this.#copies.get(id) ?? []).filter(({ life, entries }) =>
      since !== undefined && life <= since && blankIn(entries) !== since
    );
    if (since === undefined || copies.length === 0) return;
    // Only once a majority of the others has that life on disk can the others tell.
    const knowing = ids.filter((other) => other !== id && this.#knows(other, id) >= since);
    if (knowing.length < majority(ids.length - 1)) return;
    this.#cluster.disk(id).restore(this.#pick(copies).entries);
    this.counts.rolledBack++;
    this.#bad.add(id);
  }

  /** The incarnation of a member that another one has on its disk. */
  #knows(other: string, id: string): Life {
    const value = this.#cluster.disk(other).snapshot().get(DISK_KEYS.known);
    const entry = value && fromDisk(DISK_KEYS.known, value);
    if (entry?.kind !== "known") return "";
    return new Map(entry.known).get(id) ?? "";
  }

  async #lock(): Promise<void> {
    const node = this.#cluster.nodes.get(this.#pick(this.#cluster.ids))!;
    const { token } = await this.#cluster.time.until(node.lock("lock", { timeout: 60_000 }));
    if (token <= this.#token) throw new Error(`token ${token} after ${this.#token}`);
    this.#token = token;
  }

  #pick<T>(some: readonly T[]): T {
    return some[Math.floor(this.#random() * some.length)];
  }
}
