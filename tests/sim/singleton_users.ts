import { decodeValue } from "../../lib/codec.ts";
import { SynodError } from "../../lib/errors.ts";
import type { Frame } from "../../lib/paxos/messages.ts";
import { decodeSingletonRequest } from "../../lib/singletons/singleton_messages.ts";
import type { Remote } from "../../lib/singletons/remote.ts";
import type { ChildSpec } from "../../lib/singletons/spec.ts";
import { isStreamCall } from "../../lib/singletons/stream_calls.ts";
import type { CallOptions } from "../../lib/singletons/call_options.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";
import { Executions, type MadeCall } from "../checkers/executions.ts";
import { type Done, Instances, SPECS, type Worker } from "./instances.ts";
import { Operations, type Outcome } from "./operations.ts";
import type { Random } from "../../testing/random.ts";
import { FINAL_TIMEOUT, type Finale, sleep, type Users } from "./users.ts";
import type { World } from "./world.ts";

/** A singleton that the users of a run share. */
interface Shared {
  readonly key: string;
  readonly spec: string;
  readonly name: string;
}

/** The most items of a stream. */
const MOST_ITEMS = 6;

/** The longest duration of a slow method, in milliseconds. */
const LONGEST_CALL = 400;

/** Users that call singletons. */
export class SingletonUsers implements Users {
  readonly operations: Operations;
  readonly #cluster: Cluster;
  readonly #report: (violation: string) => void;
  readonly #random: Random;
  readonly #executions: Executions;
  readonly #instances: Instances;
  readonly #shared: readonly Shared[];
  #over = false;

  constructor(cluster: Cluster, world: World, report: (violation: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    this.operations = new Operations(cluster, report);
    this.#random = cluster.simulation.random.fork("singleton users");
    this.#executions = new Executions(report);
    this.#instances = new Instances(cluster, world, this.#executions, report);
    const { scenario } = cluster;
    this.#shared = Array.from({ length: scenario.keys }, (_, i) => {
      const spec = this.#random.pick(Object.keys(SPECS));
      return { key: `k${i}`, spec, name: `${spec}/k${i}` };
    });
    this.#instances.kept = this.#shared
      .filter(({ spec }) => SPECS[spec].kept)
      .map(({ key }) => key);
    cluster.onStart((station) => {
      const random = this.#random.fork(station.name);
      for (let i = 0; i < scenario.concurrency; i++) {
        void this.#user(station, random.fork(`user ${i}`));
      }
    });
  }

  get judged(): Record<string, number> {
    const { owners, looks, states } = this.#instances.counts;
    return { instances: owners, looks, executions: this.#executions.size, states };
  }

  stop(): void {
    this.#over = true;
    this.#instances.stop();
  }

  /** Notes the instance that each call is sent to, and by which life of its caller. */
  frame({ header: { life }, requests }: Frame): void {
    for (const request of requests) {
      // A node without a connection to the host sends its questions through members.
      const ask = request.type === "relay" ? request.payload.message : request;
      if (ask.type !== "ask") continue;
      const question = decodeSingletonRequest(ask.body);
      if (question?.type !== "call" || isStreamCall(question.method)) continue;
      const [call] = decodeValue(question.args) as [number];
      // That of a guest comes from a gateway.
      const isOwn = question.caller === undefined;
      this.#executions.sent(call, question.token, isOwn ? life : undefined);
    }
  }

  judge(time: number): void {
    this.#instances.judge(time);
  }

  async finale({ up, within }: Finale): Promise<void> {
    const { simulation } = this.#cluster;
    for (const shared of this.#shared) {
      const hosted = up.some((station) => this.#instances.hosts(station, shared.spec));
      if (hosted && this.#instances.missing(shared.name, shared.spec, simulation.time)) {
        this.#report(`${shared.name} has to be kept running, and does not run at the end`);
      }
      for (const station of up) {
        const outcome = await within(this.#callFinally(station, shared));
        const expected = hosted ? "ok" : "no_host";
        if (outcome === expected) continue;
        this.#report(`${station.name} calls ${shared.name} at the end: ${outcome}`);
      }
    }
  }

  finish(): void {
    this.#executions.finish();
    this.#instances.finish();
  }

  async #callFinally(station: Station, shared: Shared): Promise<Outcome | undefined> {
    let outcome: Outcome | undefined;
    const label = `finally calls ${shared.name}`;
    const made = this.#executions.made(shared.name, station.name, label);
    await this.operations.run(station, "final call", made.label, async () => {
      const remote = this.#remote(station, shared);
      const options = { timeout: FINAL_TIMEOUT };
      const result = await station.node!.call(remote, "add", [made.call], options);
      return outcome = this.#returned(made, result);
    }, (error) => outcome = this.#failure(error, {}, station, made));
    return outcome;
  }

  async #user(station: Station, random: Random): Promise<void> {
    while (!this.#over) {
      await sleep(station.machine, random.between(0, this.#cluster.scenario.think));
      if (this.#over || station.closing) return;
      const shared = random.pick(this.#shared);
      switch (
        random.weighted({
          ...{ call: 70, burst: 8, cast: 12, whereis: 4, lookup: 6, stream: 8 },
        })
      ) {
        case "call":
          await this.#call(station, random, shared);
          break;
        case "burst": // their order shows only if they overlap
          await Promise.all(
            Array.from({ length: 4 }, () => this.#call(station, random, shared)),
          );
          break;
        case "cast":
          this.#cast(station, random, shared);
          break;
        case "whereis":
          await this.#where(station, shared, "whereis");
          break;
        case "lookup":
          await this.#where(station, shared, "lookup");
          break;
        case "stream":
          await this.#stream(station, random, shared);
          break;
      }
    }
  }

  async #call(station: Station, random: Random, shared: Shared): Promise<void> {
    const { method, args } = this.#drawMethod(random);
    const options: CallOptions = {};
    let cancel = () => {};
    if (random.chance(0.2)) options.timeout = random.integer(5, 3_000);
    if (random.chance(0.2)) {
      const controller = new AbortController();
      options.signal = controller.signal;
      const abort = () => controller.abort(new Error("changed my mind"));
      cancel = station.machine.setTimer(abort, random.between(0, random.pick([5, 100, 3_000])));
    }
    const made = this.#executions.made(shared.name, station.name, `calls ${shared.name} ${method}`);
    await this.operations.run(station, "call", made.label, async () => {
      const remote: object = this.#remote(station, shared);
      const result = await station.node!.call(remote, method, [made.call, ...args], options);
      return this.#returned(made, result);
    }, (error) => this.#failure(error, options, station, made));
    cancel();
  }

  /** Follows a stream: each item comes once, in order, and none is left out. */
  async #stream(station: Station, random: Random, shared: Shared): Promise<void> {
    const count = random.integer(0, MOST_ITEMS);
    const stopAt = random.chance(0.3) ? random.integer(1, MOST_ITEMS) : Infinity;
    const options: CallOptions = {};
    let cancel = () => {};
    if (random.chance(0.2)) {
      const controller = new AbortController();
      options.signal = controller.signal;
      const abort = () => controller.abort(new Error("changed my mind"));
      cancel = station.machine.setTimer(abort, random.between(0, 1_000));
    }
    const made = this.#executions.made(shared.name, station.name, `streams ${shared.name}`);
    let isOpen = false;
    let last = 0;
    await this.operations.run(station, "stream", made.label, async () => {
      const remote = this.#remote(station, shared);
      const stream = await station.node!.call(remote, "items", [made.call, count], options);
      isOpen = true;
      for await (const [call, token, number] of stream) {
        if (call !== made.call || number !== last + 1) {
          this.#report(`${made.label} gets item ${number} of call ${call} after ${last}`);
        }
        if (last++ === 0) this.#executions.returned(made, token);
        if (last >= stopAt) return "ok";
        if (random.chance(0.2)) await sleep(station.machine, random.between(0, 300));
      }
      if (last !== count) this.#report(`${made.label} ends after ${last} of ${count} items`);
      return "ok";
    }, (error) => {
      if (!isOpen) return this.#failure(error, options, station, made);
      if (options.signal?.aborted && error === options.signal.reason) return "aborted";
      if (!(error instanceof SynodError)) return undefined;
      if (error.code === "outcome_unknown") return "unknown";
      // Its instance, or the node of the caller, has ended.
      if (error.code === "closed" || error.code === "replaced") return "ended";
      return error.code === "no_quorum" ? "no_quorum" : undefined;
    });
    cancel();
  }

  #cast(station: Station, random: Random, shared: Shared): void {
    const { method, args } = this.#drawMethod(random);
    const made = this.#executions.made(shared.name, station.name, `casts ${shared.name} ${method}`);
    this.#cluster.simulation.note(made.label);
    const remote: object = this.#remote(station, shared);
    station.node!.cast(remote, method, [made.call, ...args]);
  }

  #where(station: Station, shared: Shared, kind: "whereis" | "lookup"): Promise<void> {
    const label = `${station.name} asks where ${shared.name} is: ${kind}`;
    return this.operations.run(station, kind, label, async () => {
      const result = await station.node![kind](this.#remote(station, shared));
      if (!result.ok) {
        if (result.error === "not_found" && kind === "whereis") {
          this.#report(`${label}: not_found, though it starts what does not run`);
        }
        return result.error;
      }
      return "ok";
    }, (error) => this.#failure(error, {}, station, undefined));
  }

  #drawMethod(random: Random): { method: keyof Worker; args: number[] } {
    const method = random.weighted({ add: 60, wait: 25, fail: 10, leave: 5 });
    return { method, args: method === "wait" ? [random.between(0, LONGEST_CALL)] : [] };
  }

  #returned(made: MadeCall, result: unknown): Outcome {
    const [call, token] = result as Done;
    if (call !== made.call) this.#report(`${made.label} has the result of call ${call}`);
    this.#executions.returned(made, token);
    return "ok";
  }

  #failure(
    error: unknown,
    { signal }: CallOptions,
    station: Station,
    made: MadeCall | undefined,
  ): Outcome | undefined {
    if (signal?.aborted && error === signal.reason) return "aborted";
    if (error instanceof DOMException) {
      // A call without its own timeout has that of its node.
      return error.name === "TimeoutError" ? "timeout" : undefined;
    }
    if (error instanceof SynodError) {
      const { code } = error;
      if (station.closing && (code === "closed" || code === "replaced")) return "ended";
      if (code === "outcome_unknown") return made && "unknown";
      // All other codes mean that the call never started.
      if (made !== undefined) this.#executions.never(made, code);
      if (code === "no_host" || code === "no_quorum") return code;
      return code === "session_lost" ? "ended" : undefined;
    }
    const { name, message } = error as Error;
    if (name === "CallFailed" && message === `call ${made?.call}`) return "threw";
    if (name !== "StartFailed") return undefined;
    if (made !== undefined) this.#executions.never(made, name);
    return "threw";
  }

  #remote(station: Station, { key, spec }: Shared): Remote<Worker> {
    const child: ChildSpec<Worker, []> = { id: spec, start: () => Promise.reject("not a host") };
    return station.node!.name(key, child);
  }
}
