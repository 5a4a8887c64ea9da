import {
  bucketPrefix,
  decodeValue,
  encodeValue,
  isWellFormed,
  type Key,
  registerId,
  UnencodableError,
} from "../codec.ts";
import { type Result, SynodError, type SynodErrorCode } from "../errors.ts";
import { EndedSessions } from "../owners/ended_sessions.ts";
import { SessionMonitor } from "../owners/session_monitor.ts";
import type { Core } from "../node/core.ts";
import { noQuorumResult } from "../node/engine/operations.ts";
import { lateness, type Limits } from "../node/runtime/operation.ts";
import { show } from "../node/runtime/show.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import type { Pid, RegisterId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { Process } from "../processes/process.ts";
import { decodeQuestion, MAX_METHOD, type Question } from "./bodies.ts";
import { Host } from "./host.ts";
import { Lines, type Waiting } from "./lines.ts";
import { Outbound, type Outcome } from "./outbound.ts";
import { type Place, Places } from "./places.ts";
import { inOrder } from "./placement.ts";
import { isCallable, makeRemote, type Remote, type Target, targetOf } from "./remote.ts";
import { leaveChange, singletonOf, type SingletonValue } from "./singleton_value.ts";
import { type AnySpec, checkSpec, type ChildSpec } from "./spec.ts";

/** Limits of one call. */
export interface CallOptions {
  /** After so many milliseconds the call rejects with a `TimeoutError`; it may have been executed. */
  timeout?: number;
  /** Aborting it rejects with the signal's reason; the call may have been executed. */
  signal?: AbortSignal;
}

const CALL_OPTIONS: OptionNames<CallOptions> = { timeout: true, signal: true };

/** What singletons need of their node. */
export interface SingletonParts {
  readonly core: Core;
  /** What this node can run. */
  readonly specs: readonly AnySpec[];
  readonly spawn: () => Process<unknown>;
  readonly failed: (error: unknown) => void;
}

/** The singletons of the cluster: calls them, and runs those that this node can host. */
export class Singletons {
  readonly #core: Core;
  readonly #specs: readonly AnySpec[];
  readonly #ended = new EndedSessions();
  readonly #monitor: SessionMonitor;
  readonly #host: Host;
  readonly #outbound: Outbound;
  readonly #places: Places;
  readonly #lines = new Lines();
  #calls = 0;
  #cancelKeeping: () => void = () => {};
  #stopped = false;

  /** The singletons as `core`'s node sees them. */
  constructor({ core, specs, spawn, failed }: SingletonParts) {
    this.#core = core;
    this.#specs = specs;
    this.#monitor = new SessionMonitor(core);
    this.#outbound = new Outbound(core, this.#monitor);
    this.#places = new Places(this.#monitor);
    this.#host = new Host({
      core,
      specs,
      ended: this.#ended,
      spawn,
      left: (register, spec, args) => this.#passOn(register, spec, args),
      failed,
    });
  }

  /** How many run on this node. */
  get size(): number {
    return this.#host.size;
  }

  /** How many lives of callers the host remembers something of. */
  get callers(): number {
    return this.#host.callers;
  }

  /** See `ClusterNode.name`. */
  name<T extends object, A extends unknown[]>(
    key: Key,
    spec: ChildSpec<T, A>,
    args: A,
  ): Remote<T> {
    checkSpec(spec, "name");
    const register = registerId("s", spec.id, key);
    const encoded = this.#encode("name", args);
    const target: Target = { key, register, spec: spec as AnySpec, args: encoded };
    return makeRemote<T>(target, (method, args) => this.call(target, method, args, {}));
  }

  /** See `ClusterNode.call`. */
  async call(
    target: Target,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    this.#core.ensureOpen();
    checkCall(method, args, options);
    const encoded = this.#encode(method, args);
    const { signal, timeout = Infinity } = options;
    const { runtime } = this.#core.engine;
    const late = () => new DOMException(`${method}() took too long`, "TimeoutError");
    const limits = { signal, deadline: runtime.now() + timeout, late };
    return await this.#call(target, method, encoded, limits).catch((error) => {
      throw (error instanceof SynodError && lateness(limits, runtime.now())) || error;
    });
  }

  /** See `ClusterNode.cast`. */
  cast(target: Target, method: string, args: readonly unknown[]): void {
    this.#core.ensureOpen();
    checkCall(method, args, {});
    const encoded = this.#encode(method, args);
    const { register } = target;
    this.#placed(target, ++this.#calls, {
      go: (place) => this.#outbound.cast({ ...place, register, method, args: encoded }),
      // Casts may be lost.
      fail: () => {},
    });
  }

  /** Where the instance runs; starts it if `start` says so. */
  async where(target: Target, start: boolean): Promise<Result<Pid, "not_found" | "no_quorum">> {
    this.#core.ensureOpen();
    try {
      const place = await this.#find(target, this.#core.limits(), start);
      if (place === null) return { ok: false, error: "not_found" };
      return { ok: true, value: { ...place.pid } };
    } catch (error) {
      return noQuorumResult(error);
    }
  }

  /** Takes a question of another node. */
  asked(from: string, life: string, body: Uint8Array, tell: (body: Uint8Array) => void): void {
    let question: Question;
    try {
      question = decodeQuestion(body);
    } catch {
      // It asks for nothing that this version knows of.
      return;
    }
    if (question.type !== "gone") return this.#host.receive(from, life, question, tell);
    if (parseSession(question.session).node === from) this.#places.gone(question.session);
  }

  /** Begins to keep running what has to be. */
  start(): void {
    const kept = this.#specs.filter(isKept);
    if (kept.length === 0) return;
    const { runtime, settings } = this.#core.engine;
    const again = () => {
      if (this.#stopped) return;
      this.#cancelKeeping = runtime.setTimer(() => {
        Promise.all(kept.map((spec) => this.#keep(spec))).catch(() => {}).then(again);
      }, settings.sessionTtl * (0.25 + 0.25 * runtime.random()));
    };
    again();
  }

  /** The node closes. */
  stop(): void {
    this.#stopped = true;
    this.#cancelKeeping();
    this.#monitor.close();
    this.#host.sayGone(this.#core.session.current);
  }

  /** The cluster began anew: nothing of what was known of it holds. */
  restart(): void {
    this.#places.clear();
  }

  async #call(
    target: Target,
    method: string,
    args: Uint8Array,
    limits: Limits,
  ): Promise<unknown> {
    const { register, key } = target;
    const { engine } = this.#core;
    const order = ++this.#calls;
    let patience: number | undefined;
    for (;;) {
      const { place, outcome } = await this.#attempt(target, order, method, args, limits);
      switch (outcome.type) {
        case "returned":
          return (decodeValue(outcome.value) as unknown[])[0];
        case "threw":
          throw remoteError(outcome);
        case "failed":
          this.#places.delete(register, place.token);
          throw remoteError(outcome);
        case "busy":
          throw new SynodError("queue_full", `Too many calls wait for ${show(key)}`);
        case "refused":
          // It never started: another instance, or another try, may do.
          this.#places.delete(register, place.token);
          // From the first refusal on: a call may have waited long in the queue of who refused it then.
          patience ??= limits.deadline < Infinity ? limits.deadline : this.#core.limits().deadline;
          if (engine.runtime.now() > patience) {
            throw new SynodError("no_quorum", `No instance of ${show(key)} took the call in time`);
          }
          continue;
        default:
          this.#places.delete(register, place.token);
          throw new SynodError(
            "outcome_unknown",
            `Node ${place.pid.node} vanished while ${show(key)} ran ${method}()`,
          );
      }
    }
  }

  /** One attempt, as soon as it is known where the instance runs, and not before those made earlier. */
  async #attempt(
    target: Target,
    order: number,
    method: string,
    args: Uint8Array,
    limits: Limits,
  ): Promise<{ place: Place; outcome: Outcome }> {
    const { register } = target;
    const sent = this.#core.engine.operation<{ place: Place; outcome: Promise<Outcome> }>(limits);
    // What is over before it has begun starts no instance.
    if (!sent.ended) {
      this.#placed(target, order, {
        go: (place) => {
          if (sent.ended) return;
          const outcome = this.#outbound.call({ ...place, register, method, args }, limits);
          // It is looked at below, unless the call has just ended.
          outcome.catch(() => {});
          sent.resolve({ place, outcome });
        },
        fail: (error) => sent.reject(error),
      });
    }
    const { place, outcome } = await sent.promise;
    return { place, outcome: await outcome };
  }

  /** Goes on with the place of an instance: at once, if it is known and nobody waits for it. */
  #placed(target: Target, order: number, { go, fail }: Omit<Waiting, "order">): void {
    const { register } = target;
    const known = this.#places.get(register);
    const isSure = known !== undefined && !this.#outbound.isUnsure(register, known.token);
    if (isSure && this.#lines.isEmpty(register)) return go(known);
    this.#lines.join(register, { order, go, fail }, async () => {
      // Whoever ended the instance before needs a moment to free its key.
      await this.#core.pause(known === undefined ? SEARCH_WAIT : 0);
      // What may be refused yet was called before, and has to be called again before all others.
      if (this.#outbound.isUnsure(register)) {
        await this.#outbound.settled(register);
        await this.#core.pause(0);
      }
      return (await this.#find(target, this.#core.limits(), true))!;
    });
  }

  /** Where the instance of `target` runs, as its register says; `null` if it does not and may not start. */
  async #find(target: Target, limits: Limits, start: boolean): Promise<Place | null> {
    const { register, spec } = target;
    const { value, token } = await this.#current(register, limits);
    let place = value?.pid == null ? null : { pid: value.pid, token };
    if (place === null && start) {
      place = await this.#start(register, spec, target.args, limits);
    }
    if (place !== null) this.#places.set(register, place);
    return place;
  }

  /** What a register holds; an instance whose session has ended is dropped first. */
  async #current(
    register: RegisterId,
    limits: Limits,
  ): Promise<{ value: SingletonValue | null; token: number }> {
    let chosen = await this.#core.reads.read(register, limits);
    for (const session of chosen.stale) {
      if (!await this.#core.questions.fence(session, limits)) continue;
      this.#ended.add(session);
      const change = leaveChange(
        this.#core.nextOperation(),
        (pid) => this.#ended.has(pid.session),
        false,
      );
      chosen = await this.#core.proposals.change(register, change, limits);
    }
    return { value: singletonOf(chosen.state), token: chosen.token };
  }

  /** Has one of the hosts start an instance: the one whose turn it is, or else the next one. */
  async #start(
    register: RegisterId,
    spec: AnySpec,
    args: Uint8Array,
    limits: Limits,
    without?: string,
  ): Promise<Place> {
    const { engine, questions } = this.#core;
    const hosts = new Set(await questions.hosts(spec.id, limits));
    if (this.#specs.some(({ id }) => id === spec.id)) hosts.add(engine.self);
    if (without !== undefined) hosts.delete(without);
    if (hosts.size === 0) {
      throw new SynodError("no_host", `No node of the cluster can run ${show(spec.id)}`);
    }
    let outcome: Outcome = { type: "lost" };
    for (const node of inOrder(register, hosts)) {
      const { timeout } = engine.settings;
      const question: Question = { type: "start", register, spec: spec.id, args, timeout };
      // A start may take its time: its host says that it is at it.
      outcome = await this.#outbound.start(node, question, { ...limits, deadline: Infinity });
      if (outcome.type === "started") return { pid: outcome.pid, token: outcome.token };
      // An error of the instance's own start is for the caller; all others are about the host.
      if (outcome.type === "failed" && outcome.code === "") throw remoteError(outcome);
    }
    if (outcome.type === "failed" && !LEAVING.includes(outcome.code)) {
      throw new SynodError(outcome.code as SynodErrorCode, outcome.message);
    }
    if (outcome.type === "failed") {
      throw new SynodError("no_host", `Every node that can run ${show(spec.id)} is leaving`);
    }
    throw new SynodError("no_quorum", `No host of ${show(spec.id)} answered in time`);
  }

  /** Starts what has to be kept running and does not run, if it is this node's turn. */
  async #keep(spec: AnySpec): Promise<void> {
    const limits = this.#core.limits();
    const registers = await this.#core.questions.list(bucketPrefix("s", spec.id), limits);
    for (const register of registers.keys()) {
      if (this.#stopped) return;
      const { value } = await this.#current(register, this.#core.limits());
      if (value === null || value.pid !== null) continue;
      // To have asked is enough: a start may take as long as it likes.
      const started = this.#start(register, spec, value.args, this.#core.limits()).catch(() => {});
      await Promise.race([started, this.#core.pause(this.#core.engine.settings.timeout)]);
    }
  }

  /** What this node has left has to run somewhere else. */
  #passOn(register: RegisterId, spec: AnySpec, args: Uint8Array): void {
    const isLeaving = this.#core.closed !== undefined;
    const without = isLeaving ? this.#core.engine.self : undefined;
    // Should it fail, the hosts find it when they look next.
    this.#start(register, spec, args, this.#core.limits(), without).catch(() => {});
  }

  #encode(what: string, args: readonly unknown[]): Uint8Array {
    try {
      return encodeValue(args, this.#core.engine.settings.maxValueBytes);
    } catch (error) {
      if (!(error instanceof UnencodableError)) throw error;
      throw new TypeError(`${what}: the arguments cannot be sent: ${error.message}`);
    }
  }
}

/** What a host says that has no part in the cluster any more; of the caller's node it would say the same. */
const LEAVING: readonly string[] = ["closed", "replaced"];

/** Before an instance is looked for, in milliseconds: what is asked for meanwhile is asked for together. */
const SEARCH_WAIT = 1;

function isKept(spec: AnySpec): boolean {
  return spec.restart === "permanent" || spec.restart === "transient";
}

/** Checks the limits of a call; throws a `TypeError`. */
function checkCall(method: unknown, args: unknown, options: CallOptions): void {
  if (!isCallable(method) || method.length > MAX_METHOD || !isWellFormed(method)) {
    throw new TypeError(`call: ${show(method)} cannot be the name of a method`);
  }
  if (!Array.isArray(args)) {
    throw new TypeError(`call: args must be a list, received ${show(args)}`);
  }
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`call: options must be an object, received ${show(options)}`);
  }
  refuseUnknown("call", options, CALL_OPTIONS);
  const { timeout, signal } = options;
  if (timeout !== undefined && !(typeof timeout === "number" && timeout >= 0)) {
    throw new TypeError(
      `call: timeout must be a number of milliseconds, received ${show(timeout)}`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`call: signal must be an AbortSignal, received ${show(signal)}`);
  }
}

function remoteError({ name, message }: { name: string; message: string }): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

export { targetOf };
