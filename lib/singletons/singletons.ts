import { encodeValue, type Key, registerId, UnencodableError } from "../codec.ts";
import { type Result, SynodError } from "../errors.ts";
import type { Core } from "../node/core.ts";
import { noQuorumResult } from "../node/engine/operations.ts";
import { lateness } from "../node/runtime/operation.ts";
import { EndedSessions } from "../owners/ended_sessions.ts";
import { SessionMonitor } from "../owners/session_monitor.ts";
import type { Pid } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { Process } from "../processes/process.ts";
import { type Chain, decodeQuestion, type Question } from "./bodies.ts";
import { type CallOptions, checkCall } from "./call_options.ts";
import { Calls } from "./calls.ts";
import { Finder } from "./finder.ts";
import { Host, type StartFailed } from "./host.ts";
import { Keeper } from "./keeper.ts";
import { Outbound } from "./outbound.ts";
import { Places } from "./places.ts";
import { makeRemote, type Remote, type Target } from "./remote.ts";
import { type AnySpec, checkSpec, type ChildSpec } from "./spec.ts";

/** What singletons need of their node. */
export interface SingletonParts {
  readonly core: Core;
  /** The specs that this node can run. */
  readonly specs: readonly AnySpec[];
  /** Default time limit of a call, in milliseconds. */
  readonly callTimeout: number;
  readonly spawn: () => Process<unknown>;
  /** A start has failed and no call waits for it. */
  readonly startFailed: (failed: StartFailed) => void;
  readonly failed: (error: unknown) => void;
}

/** The singletons of the cluster: calls them, and runs those that this node can host. */
export class Singletons {
  readonly #core: Core;
  readonly #callTimeout: number;
  readonly #monitor: SessionMonitor;
  readonly #host: Host;
  readonly #places: Places;
  readonly #finder: Finder;
  readonly #keeper: Keeper;
  readonly #calls: Calls;

  /** Connects the parts for `core`'s node. */
  constructor({ core, specs, callTimeout, spawn, startFailed, failed }: SingletonParts) {
    this.#core = core;
    this.#callTimeout = callTimeout;
    const ended = new EndedSessions();
    const monitor = this.#monitor = new SessionMonitor(core);
    const outbound = new Outbound(core, monitor);
    const places = this.#places = new Places(monitor);
    const finder = this.#finder = new Finder({
      ...{ core, specs, ended, outbound },
      found: ({ register, spec, args }, place) => {
        places.set(register, place);
        this.#keeper.note(register, spec, args);
      },
    });
    this.#keeper = new Keeper({ core, specs, finder });
    this.#calls = new Calls({ core, finder, outbound, places });
    this.#host = new Host({
      ...{ core, specs, ended, spawn, startFailed, failed },
      began: (register, spec, args) => this.#keeper.note(register, spec, args),
      left: (register, spec, args) => {
        const isLeaving = core.closed !== undefined;
        this.#keeper.passOn(register, spec, args, isLeaving ? core.engine.self : undefined);
      },
      calling: {
        name: (key, spec, args, chain) => this.#name(key, spec, args, chain),
        call: (target, method, args, options, chain) =>
          this.#call(target, method, args, options, chain),
      },
    });
  }

  /** The number of instances that run on this node. */
  get size(): number {
    return this.#host.size;
  }

  /** The number of callers' lives that the host remembers. */
  get callers(): number {
    return this.#host.callers;
  }

  /** See `ClusterNode.name`. */
  name<T extends object, A extends unknown[]>(
    key: Key,
    spec: ChildSpec<T, A>,
    args: A,
  ): Remote<T> {
    return this.#name(key, spec as AnySpec, args, () => []) as Remote<T>;
  }

  /** See `ClusterNode.call`. */
  async call(
    target: Target,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    return await this.#call(target, method, args, options, []);
  }

  /** See `ClusterNode.cast`. */
  cast(target: Target, method: string, args: readonly unknown[]): void {
    this.#core.ensureOpen();
    checkCall(method, args, {});
    this.#calls.cast({ target, method, args: this.#encode(method, args), chain: [] });
  }

  /** Where the instance runs; with `start`, starts it if it does not run. */
  async where(target: Target, start: boolean): Promise<Result<Pid, "not_found" | "no_quorum">> {
    this.#core.ensureOpen();
    const { runtime } = this.#core.engine;
    const end = runtime.now() + this.#callTimeout;
    try {
      const place = start
        ? await this.#finder.insist(target, [], () => runtime.now() < end)
        : await this.#finder.find(target, { limits: this.#core.limits(), start });
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
      // The question is of no kind that this version knows.
      return;
    }
    if (question.type !== "gone") return this.#host.receive(from, life, question, tell);
    if (parseSession(question.session).node === from) this.#places.gone(question.session);
  }

  /** Starts the checks for instances that have to be kept running. */
  start(): void {
    this.#keeper.start();
  }

  /** Stops when the node closes, and tells callers that nothing runs here any more. */
  stop(): void {
    this.#keeper.stop();
    this.#monitor.close();
    this.#host.sayGone(this.#core.session.current);
  }

  /** The cluster has restarted with empty registers: forgets all places, and starts kept instances again. */
  restart(): void {
    this.#places.clear();
    this.#keeper.restart();
  }

  #name(key: Key, spec: AnySpec, args: readonly unknown[], chain: () => Chain): object {
    checkSpec(spec, "name");
    const register = registerId("s", spec.id, key);
    const target: Target = { key, register, spec, args: this.#encode("name", args) };
    return makeRemote(target, (method, args) => this.#call(target, method, args, {}, chain()));
  }

  async #call(
    target: Target,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    chain: Chain,
  ): Promise<unknown> {
    this.#core.ensureOpen();
    checkCall(method, args, options);
    const encoded = this.#encode(method, args);
    const { signal, timeout = this.#callTimeout } = options;
    const { runtime } = this.#core.engine;
    const late = () => new DOMException(`${method}() took too long`, "TimeoutError");
    const limits = { signal, deadline: runtime.now() + timeout, late };
    return await this.#calls.call({ target, method, args: encoded, chain }, limits).catch(
      (error) => {
        throw (error instanceof SynodError && lateness(limits, runtime.now())) || error;
      },
    );
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
