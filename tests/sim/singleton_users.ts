import { decodeValue } from "../../lib/codec.ts";
import { SynodError } from "../../lib/errors.ts";
import type { Frame } from "../../lib/paxos/messages.ts";
import { decodeQuestion } from "../../lib/singletons/bodies.ts";
import type { Remote } from "../../lib/singletons/remote.ts";
import type { AnySpec, ChildContext, ChildSpec, Restart } from "../../lib/singletons/spec.ts";
import type { CallOptions } from "../../lib/singletons.ts";
import type { Cluster, Station } from "./cluster.ts";
import { Executions, type MadeCall } from "../checkers/executions.ts";
import { Operations, type Outcome } from "./operations.ts";
import { type Owner, Owners } from "../checkers/owners.ts";
import type { Random } from "./random.ts";
import { FINAL_TIMEOUT, type Finale, sleep, type Users } from "./users.ts";
import { wasAborted, type World } from "./world.ts";

/** What can be called on an instance; each method is told the number of its call. */
interface Worker {
  add(call: number): Done;
  wait(call: number, duration: number): Promise<Done>;
  fail(call: number): never;
  leave(call: number): Promise<Done>;
}

/** What a method returns: which call it was, by the instance with which token, and its count. */
type Done = [call: number, token: number, count: number];

/** One instance, as it is seen from outside. */
interface Running {
  readonly station: Station;
  readonly name: string;
  readonly context: ChildContext;
  readonly owner: Owner;
  /** Calls that are being executed. */
  executing: number;
  /** When it was first seen that it is over, while it was not told. */
  over: number | undefined;
}

/** A singleton that the users of a run share. */
interface Shared {
  readonly key: string;
  readonly spec: string;
  readonly name: string;
}

/** What can be hosted: how it is kept, and whether its calls may overlap. */
const SPECS: Readonly<Record<string, { restart: Restart; concurrent: boolean }>> = {
  temporary: { restart: "temporary", concurrent: false },
  permanent: { restart: "permanent", concurrent: false },
  transient: { restart: "transient", concurrent: false },
  concurrent: { restart: "temporary", concurrent: true },
};

/** How long a slow method takes, in milliseconds, at most. */
const LONGEST_CALL = 400;

/** After the deadline of a session its timer may be so late, in milliseconds. */
const LATENESS = 10;

/** Users who call singletons, and the instances of these. */
export class SingletonUsers implements Users {
  readonly operations: Operations;
  readonly #cluster: Cluster;
  readonly #world: World;
  readonly #report: (violation: string) => void;
  readonly #random: Random;
  readonly #owners: Owners;
  readonly #executions: Executions;
  readonly #shared: readonly Shared[];
  readonly #running = new Set<Running>();
  /** Those of which some instance has run: what is permanent has to run from then on. */
  readonly #everRan = new Set<string>();
  #over = false;

  constructor(cluster: Cluster, world: World, report: (violation: string) => void) {
    this.#cluster = cluster;
    this.#world = world;
    this.#report = report;
    this.operations = new Operations(cluster, report);
    this.#random = cluster.simulation.random.fork("singleton users");
    this.#owners = new Owners(report);
    this.#executions = new Executions(report);
    const { scenario } = cluster;
    this.#shared = Array.from({ length: scenario.keys }, (_, i) => {
      const spec = this.#random.pick(Object.keys(SPECS));
      return { key: `k${i}`, spec, name: `${spec}/k${i}` };
    });
    cluster.hosts = (station) => this.#specsOf(station);
    cluster.onStart((station) => {
      // In the very turn in which the session is over, so is all that runs in it.
      station.node!.addEventListener("sessionlost", ({ detail }) => this.#lost(detail.session));
      const random = this.#random.fork(station.name);
      for (let i = 0; i < scenario.concurrency; i++) {
        void this.#user(station, random.fork(`user ${i}`));
      }
    });
  }

  get judged(): Record<string, number> {
    const { owners, looks } = this.#owners.counts;
    return { instances: owners, looks, executions: this.#executions.size };
  }

  stop(): void {
    this.#over = true;
  }

  /** Sees which instance each call is sent to. */
  frame({ requests }: Frame): void {
    for (const request of requests) {
      if (request.type !== "ask") continue;
      const question = decodeQuestion(request.body);
      if (question.type !== "call") continue;
      const [call] = decodeValue(question.args) as [number];
      this.#executions.sent(call, question.token);
    }
  }

  judge(time: number): void {
    this.#owners.judge(time);
    for (const running of this.#running) {
      const { machine } = running.station;
      if (machine.crashed || running.owner.believes(time)) continue;
      running.over ??= time;
      if (time <= Math.max(running.over, machine.lateUntil) + this.#lateness) continue;
      this.#report(`${running.name}, and was not told that it is over since ${running.over}`);
      this.#running.delete(running);
    }
  }

  /** How much later than the deadline a signal may abort by itself, in milliseconds. */
  get #lateness(): number {
    const { faults, sessionTtl } = this.#cluster.scenario;
    // By the monotonic clock, which may have stood still when the wall clock went on, or was set.
    return LATENESS + (faults.sleep + faults.stepWall > 0 ? sessionTtl : 0);
  }

  async finale({ up, within }: Finale): Promise<void> {
    const { simulation } = this.#cluster;
    for (const shared of this.#shared) {
      const hosted = up.some((station) => this.#hosts(station, shared.spec));
      if (SPECS[shared.spec].restart === "permanent" && this.#everRan.has(shared.name) && hosted) {
        if (this.#owners.of(shared.name, simulation.time).length !== 1) {
          this.#report(`${shared.name} is permanent, and does not run at the end`);
        }
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
    for (const { station, name } of this.#running) {
      if (!station.machine.crashed) this.#report(`${name} outlasts its node`);
    }
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
    for (;;) {
      await sleep(station.machine, random.between(0, this.#cluster.scenario.think));
      if (this.#over || station.closing) return;
      const shared = random.pick(this.#shared);
      switch (random.weighted({ call: 70, burst: 8, cast: 12, whereis: 4, lookup: 6 })) {
        case "call":
          await this.#call(station, random, shared);
          break;
        case "burst": // their order shows only if one does not wait for the other
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
      const remote = this.#remote(station, shared);
      const result = await station.node!.call(remote, method, [made.call, ...args], options);
      return this.#returned(made, result);
    }, (error) => this.#failure(error, options, station, made));
    cancel();
  }

  #cast(station: Station, random: Random, shared: Shared): void {
    const { method, args } = this.#drawMethod(random);
    const made = this.#executions.made(shared.name, station.name, `casts ${shared.name} ${method}`);
    this.#cluster.simulation.note(made.label);
    station.node!.cast(this.#remote(station, shared), method, [made.call, ...args]);
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
    { signal, timeout }: CallOptions,
    station: Station,
    made: MadeCall | undefined,
  ): Outcome | undefined {
    if (signal?.aborted && error === signal.reason) return "aborted";
    if (error instanceof DOMException) {
      return error.name === "TimeoutError" && timeout !== undefined ? "timeout" : undefined;
    }
    if (error instanceof SynodError) {
      const { code } = error;
      if (station.closing && (code === "closed" || code === "replaced")) return "ended";
      if (code === "outcome_unknown") return made && "unknown";
      // Of all others it is known that the call never started.
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

  /** Whether that node can run what is named; the same in each of its lives. */
  #hosts({ id }: Station, spec: string): boolean {
    return this.#random.fork(`${id} hosts ${spec}`).chance(0.7);
  }

  #specsOf(station: Station): AnySpec[] {
    const random = this.#random.fork(`instances on ${station.name}`);
    return Object.entries(SPECS).filter(([id]) => this.#hosts(station, id)).map((
      [id, { restart, concurrent }],
    ): ChildSpec<Worker, []> => ({
      id,
      restart,
      concurrent,
      start: (context) => this.#start(station, random, id, context),
      stop: () => this.#linger(station, random, 0.3, 50),
    }));
  }

  /** The code of the instance itself, from its first line on. */
  async #start(
    station: Station,
    random: Random,
    spec: string,
    context: ChildContext,
  ): Promise<Worker> {
    const { simulation } = this.#cluster;
    const { machine } = station;
    const { pid, token, signal } = context;
    const key = `${spec}/${context.key}`;
    const name = `${station.name} runs ${key} @${token}`;
    const owner: Owner = {
      key,
      name: station.name,
      of: context,
      shared: false,
      token,
      believes: (time) =>
        !machine.crashed && !wasAborted(signal) && this.#world.isSessionOpen(pid.session, time),
    };
    const running: Running = { station, name, context, owner, executing: 0, over: undefined };
    simulation.note(name);
    this.#everRan.add(key);
    this.#world.spawned({ station, process: { pid, signal } });
    const now = machine.time;
    // The members believe in a session for a little longer: what counts is what it was told.
    if (wasAborted(signal)) this.#report(`${name}, but begins when it is over`);
    else this.#running.add(running);
    const begin = () => {
      if (!wasAborted(signal)) this.#owners.began(owner, now);
    };
    if (now > simulation.time) simulation.at(now, begin);
    else begin();
    signal.addEventListener("abort", () => {
      simulation.note(`${name}: over`);
      this.#running.delete(running);
      this.#owners.ended(owner);
    }, { once: true });
    await this.#linger(station, random, 0.2, 300);
    if (!this.#over && random.chance(0.1)) throw named("StartFailed", name);
    return this.#worker(running, SPECS[spec].concurrent);
  }

  /** Sometimes takes a while; not at the end, where no timer may be left when all has closed. */
  async #linger(station: Station, random: Random, chance: number, longest: number): Promise<void> {
    if (this.#over || !random.chance(chance)) return;
    await sleep(station.machine, random.between(0, longest));
  }

  #worker(running: Running, concurrent: boolean): Worker {
    const { station, context, owner } = running;
    const { machine } = station;
    const { token } = context;
    let count = 0;
    const execute = (call: number): void => {
      const { time } = machine;
      const seen = !this.#wasMadeOn(call, station);
      this.#executions.began(call, owner.key, token, time, seen);
      if (!owner.believes(time)) {
        this.#report(`${running.name}, and executes ${call} when it is over`);
      }
      if (running.executing > 0 && !concurrent) {
        this.#report(`${running.name}, and executes ${call} before another call is over`);
      }
      this.#act(running);
    };
    const during = async (call: number, work: () => Promise<void>): Promise<Done> => {
      execute(call);
      running.executing++;
      await work();
      running.executing--;
      this.#act(running);
      return [call, token, ++count];
    };
    return {
      add: (call) => {
        execute(call);
        return [call, token, ++count];
      },
      wait: (call, duration) => during(call, () => sleep(machine, duration)),
      fail: (call) => {
        execute(call);
        throw named("CallFailed", `call ${call}`);
      },
      leave: (call) => during(call, () => context.exit()),
    };
  }

  /** What only the one instance may do: so it asks its signal first. */
  #act({ station: { machine }, context: { signal, pid }, owner, name }: Running): void {
    const [aborted, time] = [signal.aborted, machine.time];
    if (aborted) return;
    if (!this.#world.isSessionOpen(pid.session, time)) {
      this.#report(`${name}, and its signal is open though its session is over`);
    }
    const { simulation } = this.#cluster;
    if (time > simulation.time) simulation.at(time, () => this.#owners.acts(owner, time));
    else this.#owners.acts(owner, time);
  }

  #lost(session: string): void {
    for (const { context, name } of this.#running) {
      if (context.pid.session !== session || wasAborted(context.signal)) continue;
      this.#report(`${name}, and goes on though its session was lost`);
    }
  }

  #wasMadeOn(call: number, station: Station): boolean {
    return this.#executions.callerOf(call) === station.name;
  }
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
