import { SynodError } from "../../lib/errors.ts";
import type { PaxosKV } from "../../lib/kv/paxos_kv.ts";
import type { KeyOptions, PutOptions } from "../../lib/kv/options.ts";
import type { Process } from "../../lib/processes/process.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";
import type { History } from "./history.ts";
import { Operations, type Outcome } from "./operations.ts";
import type { Random } from "../../testing/random.ts";
import { type Bindings, describeBindings, nameOf } from "./bindings.ts";
import type { SharedKey, World } from "./world.ts";

/** The most live processes of one node. */
const MAX_PROCESSES = 4;

/** The timeout of an operation without faults, in milliseconds. */
const FINAL_TIMEOUT = 5_000;

/** The longest timeout of a hasty put, in milliseconds: often it sends only its first `accept`. */
const HASTE = 60;

/** The longest life of a process, in milliseconds. */
const PROCESS_LIFE = 3_000;

/** Values last as long as a process, or until a time that is no later than that. */
export const LASTING = PROCESS_LIFE + 500;

/**
 * Users of the KV: a few on every node, each with one operation at a time, with all kinds of bindings, limits
 * and aborts. They run on the machines of their nodes, so they stop when these stop.
 */
export class Workload {
  readonly keys: readonly SharedKey[];
  readonly operations: Operations;
  readonly #cluster: Cluster;
  readonly #history: History;
  readonly #world: World;
  readonly #random: Random;
  readonly #report: (violation: string) => void;
  /** The live processes of each node. */
  readonly #processes = new Map<Station, Set<Process<unknown>>>();
  #values = 0;
  #over = false;

  /** The latest time that a value was bound to: clocks that were set forward hand out late ones. */
  #latestUntil = -Infinity;

  constructor(
    cluster: Cluster,
    history: History,
    world: World,
    report: (violation: string) => void,
  ) {
    this.#cluster = cluster;
    this.#history = history;
    this.#world = world;
    this.#report = report;
    this.operations = new Operations(cluster, report);
    this.#random = cluster.simulation.random.fork("workload");
    this.keys = Array.from({ length: cluster.scenario.keys }, (_, i) => {
      const bucket = i % 3 === 2 ? "other" : undefined;
      return { bucket, key: `k${i}`, name: `${bucket ?? ""}/k${i}` };
    });
    cluster.onStart((station) => {
      this.#processes.set(station, new Set());
      const random = this.#random.fork(station.name);
      for (let i = 0; i < cluster.scenario.concurrency; i++) {
        void this.#user(station, random.fork(`user ${i}`));
      }
    });
  }

  /** Starts no more operations; those under way continue. */
  stop(): void {
    this.#over = true;
  }

  /** The time until all bindings to times have ended by the clocks of these stations, in milliseconds. */
  timeLeft(stations: readonly Station[]): number {
    const clocks = stations.map(({ machine }) =>
      machine.peek(machine.time, () => machine.wallNow())
    );
    return Math.max(0, this.#latestUntil - Math.min(...clocks));
  }

  /** Reads `key` on `station` without faults; returns whether that succeeded. */
  async readFinally(station: Station, key: SharedKey): Promise<boolean> {
    let done = false;
    const label = `${station.name} finally gets ${key.name}`;
    await this.#run(station, "final get", label, async () => {
      const read = this.#history.read(label);
      const result = await station.node!.kv.get<string>(key.key, {
        bucket: key.bucket,
        timeout: this.#finalTimeout,
      });
      if (!result.ok && result.error === "no_quorum") return "no_quorum";
      done = true;
      read.saw(key.name, result.ok ? { present: true, value: result.value } : { present: false });
      return result.ok ? "ok" : "not_found";
    });
    return done;
  }

  /** Puts an unbound value on `key`; `undefined` if that failed. */
  async putFinally(
    station: Station,
    key: SharedKey,
  ): Promise<{ value: string; token: number } | undefined> {
    let agreed: { value: string; token: number } | undefined;
    const label = `${station.name} finally puts ${key.name}`;
    await this.#run(station, "final put", label, async () => {
      const value = this.#value(station);
      const put = this.#history.put(key.name, label, { value, bound: false });
      const result = await station.node!.kv.claim(key.key, value, {
        bucket: key.bucket,
        timeout: this.#finalTimeout,
      });
      if (!result.ok) return result.error;
      agreed = result.value;
      put.agreed(result.value);
      return "ok";
    });
    return agreed;
  }

  /** After a slow network, retries are still paced by its round trips. */
  get #finalTimeout(): number {
    return Math.max(FINAL_TIMEOUT, this.#cluster.scenario.timeout);
  }

  /** One user: waits, runs an operation until its outcome, and repeats. */
  async #user(station: Station, random: Random): Promise<void> {
    const { machine } = station;
    while (!this.#over) {
      const think = random.between(0, this.#cluster.scenario.think);
      await new Promise<void>((resolve) => machine.setTimer(resolve, think));
      if (this.#over || station.closing) return;
      await this.#operate(station, random);
    }
  }

  #operate(station: Station, random: Random): Promise<void> {
    const kind = random.weighted({
      put: 20,
      claim: 25,
      get: 30,
      token: 6,
      node: 6,
      pid: 10,
      keys: 4,
      spawn: 12,
      exit: 3,
      status: 1,
    });
    const key = random.pick(this.keys);
    switch (kind) {
      case "put":
      case "claim":
        return this.#put(station, random, kind, key);
      case "get":
      case "token":
      case "node":
      case "pid":
        return this.#read(station, random, kind, key);
      case "keys":
        return this.#list(station, random, key.bucket);
      case "status":
        return this.#run(station, kind, `${station.name} asks for the status`, async () => {
          const membersOf = () => station.isGuest ? "" : station.node!.members.join();
          const before = membersOf();
          const { id, members } = await station.node!.status();
          // A guest may know no member yet.
          if (station.isGuest) return "ok";
          const known = members.map((member) => member.id).join();
          // The list may change meanwhile.
          const right = [before, membersOf()];
          if (id !== station.id || !right.includes(known)) {
            if (!station.closing) this.#report(`${station.name} says it is ${id} of ${known}`);
          }
          return "ok";
        });
      case "spawn":
        this.#spawn(station, random);
        return Promise.resolve();
      case "exit": {
        const living = [...this.#processes.get(station)!];
        if (living.length === 0) return Promise.resolve();
        const process = random.pick(living);
        return this.#run(station, "exit", `${station.name} exits ${process.pid.seq}`, async () => {
          await process.exit();
          return "ok";
        });
      }
    }
  }

  #put(station: Station, random: Random, kind: "put" | "claim", key: SharedKey): Promise<void> {
    const value = this.#value(station);
    const bindings = this.#drawBindings(station, random, key);
    const bound = Object.keys(bindings).length > 0;
    const { process, node, until } = bindings;
    const isOwn = process !== undefined && this.#processes.get(station)!.has(process);
    const isHasty = isOwn && random.chance(this.#cluster.scenario.hasty);
    const what = `${kind}s ${key.name} = ${value} ${describeBindings(bindings)}`;
    return this.#run(station, kind, `${station.name} ${what}`, async (label, limit) => {
      const options: PutOptions & KeyOptions = { bucket: key.bucket, ...limit(random) };
      if (isHasty) this.#exitSoon(station, random, process, options);
      if (process) options.pid = random.chance(0.5) ? process.pid : process;
      if (node) options.node = node;
      if (until) options.until = until;
      if (bindings.key) {
        const { bucket, key } = bindings.key;
        options.key = { bucket, key } as unknown as PutOptions["key"];
      }
      const kv = this.#kvOf(station, random, process);
      const put = this.#history.put(key.name, label, {
        value,
        bound,
        // A value bound to a process is bound to its node, too.
        node: process?.pid.node ?? node,
        pid: process && nameOf(process.pid),
      });
      if (kind === "put") {
        const result = await kv.put(key.key, value, options);
        if (result.ok) put.agreed({ value: result.value });
        return this.#putOutcome(result, put, bound, label);
      }
      const result = await kv.claim(key.key, value, options);
      if (result.ok) {
        put.agreed(result.value);
        if (result.value.mine !== (result.value.value === value)) {
          this.#report(`${label}: mine is ${result.value.mine}, the value ${result.value.value}`);
        }
      }
      return this.#putOutcome(result, put, bound, label);
    });
  }

  /** Gives a put little time, and makes its process exit meanwhile or right after. */
  #exitSoon({ machine }: Station, random: Random, process: Process<unknown>, limit: KeyOptions) {
    const timeout = random.integer(1, HASTE);
    const isMeanwhile = random.chance(0.5);
    if (!isMeanwhile) limit.timeout = timeout;
    const wait = isMeanwhile ? random.between(0, timeout) : timeout + 1;
    machine.setTimer(() => void process.exit().catch(() => {}), wait);
  }

  #putOutcome(
    result: { ok: true } | { ok: false; error: "invalid_value" | "no_quorum" },
    put: { refused(): void },
    bound: boolean,
    label: string,
  ): Outcome {
    if (result.ok) return "ok";
    if (result.error === "invalid_value") {
      if (!bound) this.#report(`${label}: an unbound string cannot be an invalid value`);
      put.refused();
    }
    return result.error;
  }

  #read(
    station: Station,
    random: Random,
    kind: "get" | "token" | "node" | "pid",
    { bucket, key, name }: SharedKey,
  ): Promise<void> {
    return this.#run(station, kind, `${station.name} ${kind} ${name}`, async (label, limit) => {
      const options = { bucket, ...limit(random) };
      const read = this.#history.read(label);
      const { kv } = station.node!;
      switch (kind) {
        case "get": {
          const result = await kv.get<string>(key, options);
          if (result.ok) read.saw(name, { present: true, value: result.value });
          else if (result.error === "not_found") read.saw(name, { present: false });
          return result.ok ? "ok" : result.error;
        }
        case "token": {
          const result = await kv.token(key, options);
          if (result.ok) read.saw(name, { present: true, token: result.value });
          else if (result.error === "not_found") read.saw(name, { present: false });
          return result.ok ? "ok" : result.error;
        }
        case "node": {
          const result = await kv.node(key, options);
          if (result.ok) read.saw(name, { present: true, node: result.value });
          else if (result.error === "not_found") read.saw(name, { node: null });
          return result.ok ? "ok" : result.error;
        }
        case "pid": {
          const result = await kv.pid(key, options);
          if (result.ok) read.saw(name, { present: true, pid: nameOf(result.value) });
          else if (result.error === "not_found") read.saw(name, { pid: null });
          return result.ok ? "ok" : result.error;
        }
      }
    });
  }

  #list(station: Station, random: Random, bucket: string | undefined): Promise<void> {
    const label = `${station.name} lists ${bucket ?? ""}/`;
    return this.#run(station, "keys", label, async (label, limit) => {
      const read = this.#history.read(label);
      // With "fail" a missing quorum differs from missing keys.
      const listed = await station.node!.kv.keys(bucket, { ...limit(random), noQuorum: "fail" });
      // Each key separately: the list is not a snapshot of one moment.
      // A key that is not listed may have ended by this node's clock alone: only the seal, which a list does
      // not wait for, guarantees that no reader sees the value again (section 8).
      for (const key of this.keys) {
        if (key.bucket !== bucket || !listed.includes(key.key)) continue;
        read.saw(key.name, { present: true });
      }
      return "ok";
    });
  }

  #spawn(station: Station, random: Random): void {
    const processes = this.#processes.get(station)!;
    if (processes.size >= MAX_PROCESSES) return;
    const life = random.between(0, PROCESS_LIFE);
    const { machine } = station;
    const node = station.node!;
    // With a function that ends after a while, or without one, until exit() is called.
    const process = random.chance(0.5)
      ? node.spawn()
      : node.spawn(() => new Promise<void>((resolve) => machine.setTimer(resolve, life)));
    const known = process as Process<unknown>;
    this.#world.spawned({ station, process: known });
    processes.add(known);
    process.exited.then(() => processes.delete(known));
    process.result.catch(() => {});
  }

  /** Runs one operation, with its limits. */
  async #run(
    station: Station,
    kind: string,
    label: string,
    body: (label: string, limit: (random: Random) => KeyOptions) => Promise<Outcome>,
  ): Promise<void> {
    let options: KeyOptions = {};
    let cancel = () => {};
    const limit = (random: Random): KeyOptions => {
      const drawn = this.#drawLimit(station, random);
      cancel = drawn.cancel;
      return options = drawn.options;
    };
    await this.operations.run(
      station,
      kind,
      label,
      () => body(label, limit),
      (error) => this.#failure(error, options, station, label),
    );
    cancel();
  }

  #failure(
    error: unknown,
    options: KeyOptions,
    station: Station,
    label: string,
  ): Outcome | undefined {
    if (options.signal?.aborted && error === options.signal.reason) return "aborted";
    if (error instanceof SynodError) {
      if (station.closing && (error.code === "closed" || error.code === "replaced")) return "ended";
      // The process whose KV was used has ended for one of these reasons.
      if (error.code === "session_lost" || error.code === "exited") return "ended";
      if (error.code === "no_quorum" && options.noQuorum === "fail") return "no_quorum";
      if (error.code === "no_quorum" && label.includes(" lists ")) return "no_quorum";
      if (error.code === "outcome_unknown" && options.noQuorum === "retry") return "no_quorum";
    }
    return undefined;
  }

  #drawLimit(station: Station, random: Random): { options: KeyOptions; cancel: () => void } {
    const noQuorum = random.weighted({ return: 6, retry: 3, fail: 1 });
    const options: KeyOptions = { noQuorum };
    if (random.chance(0.3)) options.timeout = random.integer(20, 3_000);
    // Most users that would retry forever abort after a while.
    if (!random.chance(noQuorum === "retry" ? 0.8 : 0.1)) return { options, cancel: () => {} };
    const controller = new AbortController();
    options.signal = controller.signal;
    const reason = new Error("changed my mind");
    const abort = () => controller.abort(reason);
    return { options, cancel: station.machine.setTimer(abort, random.between(0, 3_000)) };
  }

  /** A put of a process is often made through its own KV. */
  #kvOf(station: Station, random: Random, process: Process<unknown> | undefined): PaxosKV {
    const own = process !== undefined && this.#processes.get(station)!.has(process);
    return own && random.chance(0.5) ? process.kv : station.node!.kv;
  }

  #drawBindings(station: Station, random: Random, key: SharedKey): Bindings {
    const kind = random.weighted(this.#cluster.scenario.bindings);
    const until = () => {
      const time = station.node!.kv.now() + random.integer(-50, 2_000);
      this.#latestUntil = Math.max(this.#latestUntil, time);
      return time;
    };
    const extra = random.chance(0.3) ? { until: until() } : {};
    // Without one to bind to: an unbound value would stay for good, and end all that happens to the key.
    const instead = { until: until() };
    switch (kind) {
      case "none":
        return {};
      case "process":
      case "foreignProcess": {
        const owner = kind === "process" ? station : random.pick(this.#cluster.up);
        const living = [...this.#processes.get(owner) ?? []];
        return living.length === 0 ? instead : { process: random.pick(living), ...extra };
      }
      case "node":
        return { node: station.id, ...extra };
      case "foreignNode": {
        const { members, spares, clients, guests } = this.#cluster.scenario;
        return { node: random.pick([...members, ...spares, ...clients, ...guests]), ...extra };
      }
      case "key": {
        const others = this.keys.filter((other) => other !== key);
        return others.length === 0 ? instead : { key: random.pick(others), ...extra };
      }
      case "until":
        return { until: until() };
    }
  }

  #value(station: Station): string {
    return `${station.name}.${++this.#values}`;
  }
}
