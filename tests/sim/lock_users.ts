import { registerId } from "../../lib/codec.ts";
import { SynodError } from "../../lib/errors.ts";
import type { ManagedLock } from "../../lib/locks/lock_manager.ts";
import type { Lock } from "../../lib/locks/lock.ts";
import type { LockOptions } from "../../lib/locks/options.ts";
import type { Chain } from "./chain.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";
import { describeWish, drawWish, failureOf, isBrief, isTheft, type Wish } from "./lock_wish.ts";
import { Operations, type Outcome } from "./operations.ts";
import { type Owner, Owners } from "../checkers/owners.ts";
import type { Random } from "../../testing/random.ts";
import { FINAL_TIMEOUT, type Finale, sleep, type Users } from "./users.ts";
import { wasAborted } from "./world.ts";

/** What `node.lock` and `node.locks` have in common. */
type AnyLock = Lock | ManagedLock;

/** The longest wait between two uses of a held lock, in milliseconds. */
const LONGEST_HOLD = 1_500;

/** Users that take locks in all possible ways, and hold them for a while. */
export class LockUsers implements Users {
  readonly operations: Operations;
  readonly #cluster: Cluster;
  readonly #chain: Chain;
  readonly #report: (violation: string) => void;
  readonly #random: Random;
  readonly #owners: Owners;
  readonly #names: readonly string[];
  /** The locks that a user has tried to steal. */
  readonly #robbed = new Set<string>();
  #over = false;

  constructor(cluster: Cluster, chain: Chain, report: (violation: string) => void) {
    this.#cluster = cluster;
    this.#chain = chain;
    this.#report = report;
    this.operations = new Operations(cluster, report);
    this.#random = cluster.simulation.random.fork("lock users");
    const { scenario } = cluster;
    this.#names = Array.from({ length: scenario.keys }, (_, i) => `lock ${i}`);
    // A holder may not know yet that its lock was stolen, and a thief may learn late of its grant.
    this.#owners = new Owners(report, ({ key }) => this.#robbed.has(key));
    cluster.onStart((station) => {
      const random = this.#random.fork(station.name);
      for (let i = 0; i < scenario.concurrency; i++) {
        void this.#user(station, random.fork(`user ${i}`));
      }
    });
  }

  get judged(): Record<string, number> {
    const { owners, looks } = this.#owners.counts;
    return { owners, looks };
  }

  stop(): void {
    this.#over = true;
  }

  judge(time: number): void {
    this.#owners.judge(time);
  }

  /** Checks that no lock is held or awaited any more, and that all nodes can get all locks. */
  async finale(finale: Finale): Promise<void> {
    const { up, within } = finale;
    if (this.#cluster.scenario.steals && up.length > 1) await this.#robFinally(finale);
    for (const station of up) {
      const { name, node } = station;
      const left = await within(node!.locks.query());
      if (left === undefined || left.held.length + left.pending.length > 0) {
        this.#report(`${name} sees locks at the end: ${JSON.stringify(left)}`);
      }
      for (const key of this.#names) {
        const lock = await within(node!.lock(key, { timeout: FINAL_TIMEOUT }).catch(() => null));
        if (lock == null) {
          this.#report(`${name} cannot have ${key} at the end`);
          continue;
        }
        this.#begin(station, key, lock, lock);
        if (await within(lock.release().then(() => true)) === undefined) {
          this.#report(`${name} cannot release ${key} at the end`);
        }
        const holders = await within(node!.holders(key));
        if (!holders?.ok || holders.value.length > 0) {
          this.#report(`${key} is held at the end: ${JSON.stringify(holders)}`);
        }
      }
    }
  }

  finish(): void {}

  /** Checks that a holder learns of a theft soon when there are no faults. */
  async #robFinally({ up: [first, second], within, pass }: Finale): Promise<void> {
    const [key] = this.#names;
    this.#robbed.add(key);
    const lock = await within(first.node!.lock(key));
    await pass(200); // from now on the holder watches the lock
    const stolen = await within(second.node!.lock(key, { steal: true }));
    await pass(1_000);
    if (lock === undefined || stolen === undefined) {
      return this.#report(`${key} can be neither locked nor stolen at the end`);
    }
    if (!wasAborted(lock.signal) || !isTheft(lock.signal.reason) || lock.held) {
      this.#report(`${first.name} was robbed of ${key} at the end, and does not know it`);
    }
    await within(stolen.release());
    await pass(200);
  }

  async #user(station: Station, random: Random): Promise<void> {
    while (!this.#over) {
      await sleep(station.machine, random.between(0, this.#cluster.scenario.think));
      if (this.#over || station.closing) return;
      await this.#operate(station, random);
    }
  }

  #operate(station: Station, random: Random): Promise<void> {
    const key = random.pick(this.#names);
    switch (random.weighted({ lock: 50, request: 20, process: 20, holders: 6, query: 2 })) {
      case "lock":
        return this.#lock(station, random, key);
      case "request":
        return this.#request(station, random, key);
      case "process":
        return this.#process(station, random, key);
      case "holders":
        return this.#holders(station, key);
      case "query":
        return this.#query(station);
    }
  }

  #lock(station: Station, random: Random, key: string): Promise<void> {
    const { options, cancel } = this.#wish(station, random, key);
    const label = `${station.name} locks ${key} ${describeWish(options)}`;
    return this.operations.run(station, "lock", label, async () => {
      const lock = await station.node!.lock(key, options).finally(cancel);
      if (lock === null) return this.#unavailable(options, label);
      const owner = this.#begin(station, key, lock, lock);
      await this.#use(station, random, lock, owner);
      const robbed = isTheft(lock.signal.reason);
      await lock.release();
      if (lock.held) this.#report(`${label}: it is held after its release`);
      return robbed ? "stolen" : "ok";
    }, (error) => this.#failure(error, options, station, isBrief(options)));
  }

  /** Takes a lock in the way of `navigator.locks`. */
  #request(station: Station, random: Random, key: string): Promise<void> {
    const { options, cancel } = this.#wish(station, random, key);
    // There these options exclude each other, and there is no timeout.
    const { mode, ifAvailable, steal, signal } = options;
    const wish = ifAvailable || steal ? { mode, ifAvailable, steal } : { mode, signal };
    const label = `${station.name} requests ${key} ${describeWish(wish)}`;
    let granted = false;
    return this.operations.run(
      station,
      "request",
      label,
      () =>
        station.node!.locks.request(key, wish, async (lock) => {
          cancel();
          if (lock === null) return this.#unavailable(wish, label);
          granted = true;
          const owner = this.#begin(station, key, lock, lock);
          await this.#use(station, random, lock, owner);
          return "ok" as const;
        }).finally(cancel),
      (error) => this.#failure(error, wish, station, granted || wish.ifAvailable === true),
    );
  }

  /** A process takes the lock repeatedly, and loses it when it ends. */
  #process(station: Station, random: Random, key: string): Promise<void> {
    const { options, cancel } = this.#wish(station, random, key);
    const label = `${station.name}: a process locks ${key} ${describeWish(options)}`;
    return this.operations.run(station, "process", label, async () => {
      const process = station.node!.spawn();
      try {
        const first = await process.lock(key, options).finally(cancel);
        if (first === null) return this.#unavailable(options, label);
        const owner = this.#begin(station, key, first, process);
        await this.#use(station, random, first, owner);
        const { mode, permits } = first;
        const again = await process.lock(key, permits === undefined ? { mode } : { permits });
        const reentrant = this.#begin(station, key, again, process);
        if (first.held && again.held && first.token !== again.token) {
          this.#report(`${label}: one process has it with ${first.token} and ${again.token}`);
        }
        await first.release();
        const lost = wasAborted(process.signal) || this.#robbed.has(key);
        if (!again.held && station.node!.hasQuorum && !lost) {
          this.#report(`${label}: one of two handles was released, and the lock is free`);
        }
        await this.#use(station, random, again, reentrant);
        // Otherwise the end of the process releases it.
        if (random.chance(0.5)) await again.release();
        return "ok";
      } finally {
        await process.exit();
      }
    }, (error) => this.#failure(error, options, station, true));
  }

  #holders(station: Station, key: string): Promise<void> {
    const label = `${station.name} asks which node has ${key}`;
    return this.operations.run(station, "holders", label, async () => {
      const result = await station.node!.holders(key);
      if (!result.ok) return result.error;
      for (const { pid, token } of result.value) this.#checkGrant(key, pid.node, token, label);
      const alone = result.value.some(({ mode }) => mode === "exclusive");
      if (alone && result.value.length > 1) {
        this.#report(`${label}: ${JSON.stringify(result.value)}`);
      }
      return result.value.length > 0 ? "ok" : "not_found";
    }, (error) => this.#failure(error, {}, station, false));
  }

  #query(station: Station): Promise<void> {
    const label = `${station.name} asks for all locks`;
    return this.operations.run(station, "query", label, async () => {
      const { held, pending } = await station.node!.locks.query();
      for (const { name } of [...held, ...pending]) {
        if (!this.#names.includes(name)) this.#report(`${label}, and sees ${name}`);
      }
      return "ok";
    }, (error) => this.#failure(error, { ifAvailable: true }, station, false));
  }

  /** An owner has been told that it has a lock. */
  #begin(station: Station, key: string, lock: AnyLock, of: unknown): Owner {
    const { machine, name, id } = station;
    const { simulation } = this.#cluster;
    simulation.note(`${name} has ${key} @${lock.token} (${lock.mode})`);
    this.#checkGrant(key, id, lock.token, `${name} has ${key}`);
    const owner: Owner = {
      key,
      name,
      of,
      shared: lock.mode === "shared",
      permits: lock.permits,
      token: lock.token,
      believes: (time) => !machine.crashed && machine.peek(time, () => lock.held),
    };
    // A machine that is stalled is ahead of the others.
    const now = machine.time;
    const begin = () => {
      if (wasAborted(lock.signal)) return;
      this.#owners.began(owner, now);
      lock.signal.addEventListener("abort", () => {
        this.#owners.ended(owner);
        this.#checkReason(station, owner, lock.signal.reason);
      }, { once: true });
    };
    if (now > simulation.time) simulation.at(now, begin);
    else begin();
    return owner;
  }

  /** Checks the reason of a lost lock. */
  #checkReason(station: Station, { key }: Owner, reason: unknown): void {
    if (reason instanceof SynodError) {
      if (["released", "session_lost", "exited"].includes(reason.code)) return;
      if (station.closing && ["closed", "replaced"].includes(reason.code)) return;
    }
    if (isTheft(reason) && this.#robbed.has(key)) return;
    this.#report(`${station.name} lost ${key}: ${reason}`);
  }

  /** Holds a lock, and acts as its owner from time to time. */
  async #use(station: Station, random: Random, lock: AnyLock, owner: Owner): Promise<void> {
    const { machine } = station;
    const { sessionTtl } = this.#cluster.scenario;
    const longest = Math.min(LONGEST_HOLD, random.pick([1, 20, 200, 2 * sessionTtl]));
    for (let left = random.integer(0, 4); left >= 0; left--) {
      const [before, held, between] = [machine.time, lock.held, machine.time];
      const [aborted, after] = [lock.signal.aborted, machine.time];
      if (before === after && held === aborted) {
        this.#report(`${station.name} has ${owner.key}: held is ${held}, aborted is ${aborted}`);
      }
      if (held) this.#act(owner, between);
      if (left > 0 && !this.#over) await sleep(machine, random.between(0, longest));
    }
  }

  #act(owner: Owner, time: number): void {
    const { simulation } = this.#cluster;
    if (time > simulation.time) simulation.at(time, () => this.#owners.acts(owner, time));
    else this.#owners.acts(owner, time);
  }

  /** Draws a request, and notes the lock that it may steal. */
  #wish(station: Station, random: Random, key: string): Wish {
    const permits = 1 + this.#names.indexOf(key) % 3;
    const wish = drawWish(station, random, this.#cluster.scenario.steals, permits);
    if (wish.options.steal) this.#robbed.add(key);
    return wish;
  }

  #failure(
    error: unknown,
    options: LockOptions,
    station: Station,
    brief: boolean,
  ): Outcome | undefined {
    return failureOf(error, options, station, { brief, steals: this.#cluster.scenario.steals });
  }

  /** Checks that the members have chosen a grant that a node reports. */
  #checkGrant(key: string, node: string, token: number, label: string): void {
    if (this.#chain.isGranted(registerId("l", undefined, key), node, token)) return;
    this.#report(`${label}, but no chosen state grants ${key} to ${node} @${token}`);
  }

  #unavailable(options: LockOptions, label: string): Outcome {
    if (!options.ifAvailable) this.#report(`${label}: there is no lock in the end`);
    return "unavailable";
  }
}
