import { encodeValue, registerId } from "../../../lib/codec.ts";
import { Random } from "../../../testing/random.ts";
import { VirtualCluster } from "../../support/virtual_cluster.ts";
import { DutifulGuest, type Result } from "./dutiful_guest.ts";

/** The time to live of all sessions, in milliseconds. */
const TTL = 3_000;

/** How long the guests work, and how long they have to come to an end after the last fault. */
const WORK = 15_000;
const END = 40_000;

const MEMBERS = ["n1", "n2", "n3"];
const KEYS = ["a", "b"];

/** What a run has shown. */
export interface Report {
  /** What must not happen, in the order of time. */
  readonly faults: readonly string[];
  /** How often each thing happened: a run in which nothing happens proves nothing. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Guests at work while their gateways crash, are cut off and answer late; one seed is one run. */
export async function search(seed: string): Promise<Report> {
  const run = new Run(seed);
  try {
    return await run.finish();
  } finally {
    await run.close();
  }
}

/** A guest that holds a lock. */
interface Holder {
  readonly guest: DutifulGuest;
  readonly session: number;
  readonly token: number;
  /** Whether it has stolen it. */
  readonly steal: boolean;
}

class Run {
  readonly #random: Random;
  readonly #faults: string[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #crashed = new Set<string>();
  /** The guest that holds each lock, with its session. */
  readonly #holders = new Map<string, Holder>();
  /** The values whose release is done. */
  readonly #released = new Set<string>();
  /** How often each call ran. */
  readonly #ran = new Map<string, number>();
  #cluster!: VirtualCluster;
  #guests: DutifulGuest[] = [];
  #delay = 20;
  #isOver = false;

  constructor(seed: string) {
    this.#random = new Random(seed);
  }

  async finish(): Promise<Report> {
    const start = () => ({
      note: (call: string) => {
        this.#ran.set(call, (this.#ran.get(call) ?? 0) + 1);
        return call;
      },
    });
    this.#cluster = await VirtualCluster.start(MEMBERS.length, {
      ...{ clients: true, guests: {}, sessionTtl: TTL, hosts: [{ id: "book", start }] },
    });
    await this.#cluster.pass(TTL);
    const work = ["g", "h", "i"].map((id) => this.#work(id));
    const watching = this.#watch();
    for (let time = 0; time < WORK;) {
      const pause = 300 + this.#below(900);
      await this.#cluster.pass(pause);
      time += pause;
      await this.#fault();
    }
    this.#isOver = true;
    this.#cluster.heal();
    this.#delay = 20;
    for (const id of [...this.#crashed]) await this.#comeBack(id);
    let ended = false;
    const all = Promise.all(work).then(() => ended = true);
    for (let time = 0; time < END && !ended; time += 500) await this.#cluster.pass(500);
    if (!ended) this.#faults.push("some operations never ended");
    else await all;
    await this.#cluster.pass(2 * TTL);
    await this.#cluster.time.until(watching);
    await this.#look();
    for (const [call, times] of this.#ran) {
      if (times > 1) this.#faults.push(`call ${call} ran ${times} times`);
    }
    return { faults: this.#faults, counts: this.#counts };
  }

  async close(): Promise<void> {
    for (const guest of this.#guests) guest.close();
    await this.#cluster[Symbol.asyncDispose]();
  }

  /** An integer from 0 to `limit - 1`. */
  #below(limit: number): number {
    return this.#random.integer(0, limit - 1);
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1;
  }

  async #fault(): Promise<void> {
    const member = MEMBERS[this.#below(3)];
    switch (this.#below(9)) {
      case 6:
      case 7:
      case 8:
        return await this.#makeLate();
      case 0:
        this.#count("cut off");
        return this.#cluster.isolate(member);
      case 1:
        this.#count("healed");
        return this.#cluster.heal();
      case 2: {
        // One at a time: a majority keeps its memory.
        if (this.#crashed.size > 0) return await this.#comeBack([...this.#crashed][0]);
        this.#count("crashed");
        this.#crashed.add(member);
        this.#cluster.crash(member);
        for (const guest of this.#guests) guest.crashed(member);
        return;
      }
      case 3:
        this.#count("broken");
        return this.#guests[this.#below(this.#guests.length)].break();
      case 4:
        this.#count("slow");
        this.#delay = [20, 300, 1_500][this.#below(3)];
        return;
      default:
        for (const id of [...this.#crashed]) await this.#comeBack(id);
    }
  }

  /**
   * A gateway is cut off from the other members, and its guests turn away from it. When it has a quorum again they
   * may just have undone what it was asked for.
   */
  async #makeLate(): Promise<void> {
    const guest = this.#guests[this.#below(this.#guests.length)];
    const { member } = guest;
    if (member === null) return;
    this.#count("late");
    this.#cluster.isolate(member);
    await this.#cluster.pass(this.#below(100));
    for (const one of this.#guests) if (one.member === member) one.break(member);
    await this.#cluster.pass(1_060 + this.#below(600));
    this.#cluster.heal();
  }

  async #comeBack(id: string): Promise<void> {
    this.#crashed.delete(id);
    await this.#cluster.join(id);
  }

  #guest(id: string): DutifulGuest {
    const guest = new DutifulGuest({
      ...{ id, ttl: TTL, random: this.#random, cluster: this.#cluster },
      delay: () => this.#delay,
      reachable: () => MEMBERS.filter((member) => !this.#crashed.has(member)),
    });
    this.#guests.push(guest);
    return guest;
  }

  async #work(id: string): Promise<void> {
    const guest = this.#guest(id);
    for (let round = 0; !this.#isOver; round++) {
      await this.#pause(this.#below(200));
      const key = KEYS[this.#below(KEYS.length)];
      const what = this.#below(3);
      if (what === 0) await this.#lock(guest, key);
      else if (what === 1) await this.#put(guest, key, `${id}${round}`);
      else await this.#call(guest, key, `${id}${round}`);
    }
  }

  /** Requests a lock, holds it, and gives it up. */
  async #lock(guest: DutifulGuest, key: string): Promise<void> {
    const { session } = guest;
    if (!guest.isValid(session)) return;
    const register = registerId("l", undefined, key);
    const steal = this.#random.chance(1 / 6);
    const { outcome, number, sentTo } = await guest.run({
      ...{
        type: "lock",
        register,
        session,
        seq: 1,
        mode: "exclusive",
        ifAvailable: false,
        steal,
        permits: 0,
        asked: 0,
        label: "",
      },
    });
    const granted = typeof outcome === "object" && outcome.type === "granted" ? outcome : null;
    const isGranted = granted !== null;
    if (granted !== null && guest.isValid(session)) {
      this.#count(steal ? "stolen" : "locked");
      const { token } = granted;
      const other = this.#holders.get(key);
      // The thief may hear of its grant before the guest that it has stolen from.
      const wasStolen = other?.steal === true && other.token > token;
      if (!steal && !wasStolen && other !== undefined && other.guest.isValid(other.session)) {
        this.#faults.push(`${guest.id} and ${other.guest.id} both hold ${key}`);
      }
      if (!wasStolen) this.#holders.set(key, { guest, session, token, steal });
      await this.#pause(this.#below(400));
      if (this.#holders.get(key)?.guest === guest) this.#holders.delete(key);
    }
    await this.#undo(guest, session, sentTo, isGranted, (unsure) => ({
      ...{ type: "unlock", register, session, request: number, unsure },
    }));
  }

  /** Puts a value bound to a process, and releases it. */
  async #put(guest: DutifulGuest, key: string, value: string): Promise<void> {
    const { session } = guest;
    if (!guest.isValid(session)) return;
    const register = registerId("k", undefined, key);
    const { outcome, sentTo } = await guest.run({
      ...{ type: "put", register, value: encodeValue(value, 100) },
      bindings: [{ type: "ownPid", session, seq: 1 }],
    });
    const isMine = typeof outcome === "object" && outcome.type === "agreed" &&
      outcome.value === null;
    if (isMine) {
      this.#count("put");
      await this.#pause(this.#below(200));
    }
    const isDone = await this.#undo(guest, session, sentTo, isMine, (unsure) => ({
      ...{ type: "release", register, session, seq: 1, unsure },
    }));
    if (isDone) this.#released.add(value);
  }

  /** Undoes an operation where only one gateway still does something for it; returns whether it was done. */
  async #undo(
    guest: DutifulGuest,
    session: number,
    sentTo: Result["sentTo"],
    isSure: boolean,
    undo: (unsure: boolean) => Parameters<DutifulGuest["run"]>[0],
  ): Promise<boolean> {
    while (guest.wait(sentTo) > 0) await this.#pause(Math.max(1, guest.wait(sentTo)));
    const unsure = !isSure || !guest.isSingle(sentTo);
    if (unsure) this.#count("undone");
    for (let attempt = 0; attempt < 20; attempt++) {
      const { outcome } = await guest.run(undo(unsure || attempt > 0));
      if (typeof outcome === "object") return true;
      // Its session is over: what it owned is free for others.
      if (!guest.isValid(session)) return false;
      await this.#pause(100);
    }
    return false;
  }

  /** Calls a singleton; the same call must not run twice. */
  async #call(guest: DutifulGuest, key: string, call: string): Promise<void> {
    const register = registerId("s", "book", key);
    const place = { register, spec: "book", args: encodeValue([], 10), start: true };
    const { outcome: at } = await guest.run({ type: "place", ...place });
    if (typeof at !== "object" || at.type !== "at") return;
    const numbers = { birth: guest.nextCounter(), sequence: 1, done: 0, open: [], full: false };
    const { outcome } = await guest.run({
      ...{ type: "call", register, session: at.pid.session, token: at.token, ...numbers },
      ...{ method: "note", args: encodeValue([call], 100) },
    });
    if (typeof outcome !== "object" || outcome.type !== "returned") return;
    this.#count("called");
    if (!this.#ran.has(call)) this.#faults.push(`call ${call} returned, and never ran`);
  }

  /** Reads the keys all the time: what was released must not be seen again. */
  async #watch(): Promise<void> {
    while (!this.#isOver) {
      await this.#look(this.#cluster.nodes.at(-1)!);
      await this.#pause(70);
    }
  }

  async #look(node = this.#cluster.node("n1")): Promise<void> {
    for (const key of KEYS) {
      const released = new Set(this.#released);
      const read = await this.#cluster.time.until(node.kv.get<string>(key, { timeout: 500 }));
      if (read.ok && released.has(read.value)) this.#faults.push(`${read.value} has come back`);
      if (!this.#isOver) continue;
      if (read.ok) this.#faults.push(`${read.value} is left over`);
      const holders = await this.#cluster.time.until(node.holders(key));
      if (holders.ok && holders.value.length > 0) {
        this.#faults.push(`${holders.value[0].pid.node} still holds ${key}`);
      }
    }
  }

  #pause(time: number): Promise<void> {
    return new Promise((resolve) => this.#cluster.time.runtime.setTimer(resolve, time));
  }
}
