import { decodeValue, type Key, parseRegisterId } from "../codec.ts";
import { SynodError } from "../errors.ts";
import type { EndedSessions } from "../owners/ended_sessions.ts";
import type { Core } from "../node/core.ts";
import { onAbort } from "../node/runtime/on_abort.ts";
import type { Life } from "../paxos/ballot.ts";
import { samePid } from "../paxos/kv_register.ts";
import type { Pid, RegisterId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { Process } from "../processes/process.ts";
import {
  encodeSingletonReply,
  encodeSingletonRequest,
  type SingletonReply,
  type SingletonRequest,
} from "./singleton_messages.ts";
import { type CallHandler, Inbox } from "./inbox.ts";
import { contextOf, type InstanceCalls } from "./context.ts";
import { toFailure } from "./failure.ts";
import { Instance } from "./instance.ts";
import { leaveChange, type Leaving, takeChange } from "./singleton_value.ts";
import { type AnySpec, isSupervised } from "./spec.ts";

type StartRequest = SingletonRequest & { readonly type: "start" };

/** What a host needs of its node. */
export interface HostParts {
  readonly core: Core;
  readonly specs: readonly AnySpec[];
  /** Sessions known to have ended. */
  readonly ended: EndedSessions;
  /** Starts the process that an instance lives in. */
  readonly spawn: () => Process<unknown>;
  /** An instance that has to be kept running has ended here: another node has to start it. */
  readonly left: (register: RegisterId, spec: AnySpec, args: Uint8Array) => void;
  /** An instance that has to be kept running starts here. */
  readonly began: (register: RegisterId, spec: AnySpec, args: Uint8Array) => void;
  /** A start has failed and no call waits for it. */
  readonly startFailed: (failed: StartFailed) => void;
  /** An error that has no caller to go to. */
  readonly failed: (error: unknown) => void;
  /** How instances make calls. */
  readonly instanceCalls: InstanceCalls;
}

/** A failed start that is reported to no caller. */
export interface StartFailed {
  readonly pid: Pid;
  readonly error: unknown;
  /** The id of the spec. */
  readonly spec: string;
  readonly key: Key;
}

interface RunningInstance {
  readonly instance: Instance;
  readonly process: Process<unknown>;
  started: Promise<SingletonReply>;
}

/** A register that names this host, and the instance to run for it. */
interface InstanceToRun {
  readonly register: RegisterId;
  readonly spec: AnySpec;
  readonly process: Process<unknown>;
  readonly token: number;
  readonly args: Uint8Array;
  readonly start: StartRequest;
}

/** An instance that is being made, or was made. */
interface StartedInstance extends InstanceToRun {
  readonly instance: Instance;
  readonly began: number;
  /** The result of its start; `null` until then. */
  made: { readonly value: unknown } | null;
}

/** Runs the singletons of this node. */
export class Host {
  readonly #parts: HostParts;
  readonly #specs: ReadonlyMap<string, AnySpec>;
  readonly #running = new Map<RegisterId, RunningInstance>();
  readonly #starting = new Map<RegisterId, Promise<SingletonReply>>();
  /** Calls of an instance that is starting, from callers that know of it before this node does. */
  readonly #early = new Map<RegisterId, Parameters<CallHandler>[]>();
  #inbox: Inbox;
  /**
   * The life of this node that `#inbox` belongs to: callers number their calls for each life of a host from
   * the beginning.
   */
  #life: Life;

  /** Starts without instances. */
  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#specs = new Map(parts.specs.map((spec) => [spec.id, spec]));
    this.#life = parts.core.engine.life;
    this.#inbox = this.#newInbox();
  }

  /** The number of instances that run. */
  get size(): number {
    return this.#running.size;
  }

  /** The number of callers' lives that are remembered. */
  get callers(): number {
    return this.#inbox.lives;
  }

  /**
   * Takes a request of another node, or of this one. A request about another life of this node gets no
   * answer.
   */
  receive(
    from: string,
    life: Life,
    request: SingletonRequest,
    tell: (body: Uint8Array) => void,
  ): void {
    const answer = (answer: SingletonReply) => tell(encodeSingletonReply(answer));
    if (request.type === "start") {
      // Answers at once, so that a slow start is not taken for a lost host.
      answer({ type: "running" });
      void this.start(request).then(answer);
      return;
    }
    const { engine } = this.#parts.core;
    // Only the life of the session can say that a call never began; about other lives this node must stay
    // silent.
    if (request.type !== "call" || parseSession(request.session).life !== engine.life) return;
    // The header of the frame carries the caller's clock, so a correct birth is never above this node's
    // counter.
    if (request.birth > engine.clock.counter) return;
    if (this.#life !== engine.life) {
      this.#life = engine.life;
      this.#inbox = this.#newInbox();
    }
    this.#inbox.receive(from, life, request, answer);
  }

  /** Tells the nodes that called lately that nothing runs in `session` any more. */
  sayGone(session: string): void {
    const { engine } = this.#parts.core;
    const body = encodeSingletonRequest({ type: "gone", session });
    for (const node of this.#inbox.callers) {
      engine.askOnce(node, { id: engine.pendingReplies.next(), type: "ask", body });
    }
  }

  /**
   * Starts an instance unless one runs already; resolves to where it runs, or to why it does not. Never
   * rejects.
   */
  start(start: StartRequest): Promise<SingletonReply> {
    const { register } = start;
    const running = this.#running.get(register);
    if (running !== undefined && !running.process.signal.aborted) return running.started;
    let starting = this.#starting.get(register);
    if (starting === undefined) {
      starting = this.#start(start).catch(toReply)
        .finally(() => {
          this.#starting.delete(register);
          this.#takeEarly(register);
        });
      this.#starting.set(register, starting);
    }
    return starting;
  }

  #newInbox(): Inbox {
    const { engine } = this.#parts.core;
    return new Inbox({
      handle: (...attempt) => this.#call(...attempt),
      now: () => engine.runtime.now(),
      // Renewals carry clocks: a caller that begins after this time has heard of all births forgotten by
      // then.
      keptFor: () => Math.max(engine.record?.maxTtl ?? 0, CALLERS_KEPT),
    });
  }

  async #start(start: StartRequest): Promise<SingletonReply> {
    const { register, spec: id, args, timeout } = start;
    const { core, ended, spawn } = this.#parts;
    const spec = this.#specs.get(id);
    if (spec === undefined) {
      throw new SynodError("no_host", `Node ${core.engine.self} cannot run ${JSON.stringify(id)}`);
    }
    const limits = core.limits(timeout);
    await core.session.valid(limits);
    const process = spawn();
    // The end of an instance is reported to its callers, so it must not be reported as a failed process too.
    process.result.catch(() => {});
    const { pid } = process;
    let wrote = false;
    // A session that is still granted, not only possible: it may have been lost since, and then the process
    // belongs to the next one.
    const mayTake = () => !process.signal.aborted && core.session.isValid(pid.session);
    const wanted = { restart: spec.restart ?? "temporary", args } as const;
    const op = core.nextOperation();
    try {
      // The register is written before the instance is made, so there are never two instances.
      const change = takeChange(op, pid, wanted, (session) => ended.has(session), mayTake);
      const { result, token } = await core.proposals.change(register, change, {
        ...limits,
        keepPromise: true,
        writing: () => void (wrote = true),
      });
      if (result.pid === null) throw lost();
      if (!samePid(result.pid, pid)) {
        void process.exit();
        return { type: "started", pid: result.pid, token };
      }
      if (!mayTake()) throw lost();
      return await this.#run({ register, spec, process, token, args: result.args, start });
    } catch (error) {
      // The write may still take effect; it names a process that has ended by then.
      if (this.#running.get(register)?.process !== process && wrote) {
        void this.#leave(register, pid, { byItself: false, failed: false }, true);
      }
      void process.exit();
      throw error;
    }
  }

  /** Runs the instance of a register that names this host. */
  #run(instanceToRun: InstanceToRun): Promise<SingletonReply> {
    const { register, spec, process, token } = instanceToRun;
    const { core, failed } = this.#parts;
    const { pid } = process;
    const instance = new Instance({
      pid,
      token,
      concurrent: spec.concurrent ?? false,
      maxValueBytes: core.engine.settings.maxValueBytes,
      isOpen: () => !process.signal.aborted && core.session.isValid(pid.session),
    });
    const began = core.engine.runtime.now();
    const started: StartedInstance = { ...instanceToRun, instance, began, made: null };
    let ended!: () => void;
    const over = new Promise<void>((resolve) => ended = resolve);
    // In the same turn in which the process ends: a closing node may have no later turn.
    onAbort(process.signal, () => {
      this.#end(started).catch(failed).then(ended);
    });
    if (!process.signal.aborted && isSupervised(spec)) {
      this.#parts.began(register, spec, instanceToRun.args);
    }
    // Callers must not wait for a start that never settles once its process has ended.
    let failure: SingletonReply | undefined;
    const fail = (error: unknown) => {
      if (failure !== undefined) return;
      failure = { type: "failed", byHost: false, failure: toFailure(error) };
      instance.fail(error);
      const { key } = parseRegisterId(register);
      if (instanceToRun.start.background) {
        this.#parts.startFailed({ pid, error, spec: spec.id, key });
      }
    };
    const cut = process.exited.then(() => over).then(() => failure ?? toReply(lost()));
    const running: RunningInstance = { instance, process, started: cut };
    if (!process.signal.aborted) this.#running.set(register, running);
    this.#takeEarly(register);
    running.started = Promise.race([this.#make(started, fail, cut), cut]);
    return running.started;
  }

  /**
   * Has the spec make the instance. `fail` takes the reason if there is none; `cut` is the answer in that
   * case. It comes when the key is free, so that a caller that tries again starts a new instance.
   */
  async #make(
    started: StartedInstance,
    fail: (error: unknown) => void,
    cut: Promise<SingletonReply>,
  ): Promise<SingletonReply> {
    const { register, spec, process, token, args, start, instance } = started;
    const { core, instanceCalls } = this.#parts;
    const exit = (reason?: unknown) => {
      // The callers of an instance that exits while it starts get its reason.
      if (started.made === null && !process.signal.aborted) {
        fail(reason ?? new SynodError("exited", "The instance has exited while it started"));
      }
      return process.exit(reason);
    };
    const chain = () => {
      if (started.made === null) return [...start.chain, register];
      const call = instance.current;
      if (call === undefined) return [];
      return spec.concurrent ? call.chain : [...call.chain, register];
    };
    const { key } = parseRegisterId(register);
    const own = { key, pid: process.pid, token, signal: process.signal, exit };
    const context = contextOf({ ...own, node: core.engine.self }, instanceCalls, chain);
    // The last check of the clock: the machine may have slept since the register was written.
    if (process.signal.aborted) return toReply(lost());
    try {
      started.made = { value: await spec.start(context, ...decodeValue(args) as never[]) };
    } catch (error) {
      fail(error);
      void process.exit(error);
      return await cut;
    }
    if (process.signal.aborted) {
      // It ended while it was starting: no caller can use the result.
      void this.#stop(spec, started.made.value);
      return await cut;
    }
    instance.begin(started.made.value);
    return { type: "started", pid: process.pid, token };
  }

  /** Handles the end of an instance's process, after its signal has aborted. */
  async #end({ register, spec, instance, made, args, began }: StartedInstance): Promise<void> {
    const { core, left } = this.#parts;
    instance.end();
    const { pid } = instance;
    const isGraceful = core.session.isPossible(pid.session);
    const isClosing = core.closed !== undefined;
    if (made !== null && isGraceful) {
      const stopped = this.#stop(spec, made.value);
      // A user's `stop` may never settle; the next instance must not wait for it.
      if (spec.stop !== undefined && !isClosing) {
        await Promise.race([stopped, core.pause(LONGEST_STOP)]);
      }
    }
    const byItself = !isClosing && isGraceful && made !== null;
    const isShort = core.engine.runtime.now() - began < SHORTEST_RUN;
    // An instance that ends right after its start counts as failed, so that it is not restarted in a tight
    // loop.
    const failed = !isClosing && (made === null || isShort);
    await this.#leave(register, pid, { byItself, failed }, false);
    if (this.#running.get(register)?.instance === instance) this.#running.delete(register);
    const waits = isSupervised(spec) && !(spec.restart === "transient" && byItself);
    // Otherwise the hosts find it at their next check.
    if (waits && !failed && !isShort) left(register, spec, args);
  }

  async #stop(spec: AnySpec, value: unknown): Promise<void> {
    try {
      await spec.stop?.(value);
    } catch (error) {
      this.#parts.failed(error);
    }
  }

  /** Frees the register of an instance that has ended; tries until it succeeds or the session is over. */
  async #leave(
    register: RegisterId,
    pid: Pid,
    leaving: Leaving,
    mustWrite: boolean,
  ): Promise<void> {
    const { core } = this.#parts;
    const change = leaveChange(core.nextOperation(), (other) => samePid(other, pid), leaving);
    while (core.session.isPossible(pid.session)) {
      try {
        const deadline = core.engine.runtime.now() + core.session.remaining + 1;
        await core.proposals.change(register, change, { deadline, mustWrite, reserve: true });
        return;
      } catch {
        if (core.engine.isClosed || core.engine.fatal !== undefined) return;
        await core.pause(RETRY_WAIT);
      }
    }
  }

  #call(...[call, reply, begun]: Parameters<CallHandler>): void {
    const running = this.#running.get(call.register);
    const isMeant = running !== undefined && running.instance.token === call.token &&
      running.instance.pid.session === call.session;
    if (isMeant && !running.process.signal.aborted) {
      return running.instance.call(call, reply, begun);
    }
    // Other nodes may learn that the register is written before this node has the answers to its write. A
    // call that is refused then could be overtaken by the caller's next call.
    const isLater = running === undefined || running.instance.token < call.token;
    if (!isLater || !this.#starting.has(call.register)) return reply({ type: "refused" });
    const early = this.#early.get(call.register);
    if (early === undefined) this.#early.set(call.register, [[call, reply, begun]]);
    else early.push([call, reply, begun]);
  }

  #takeEarly(register: RegisterId): void {
    const early = this.#early.get(register);
    this.#early.delete(register);
    for (const attempt of early ?? []) this.#call(...attempt);
  }
}

/**
 * Time for which silent callers are remembered at least, in milliseconds: callers that wait send again every
 * second, and take a new birth after a second of silence.
 */
const CALLERS_KEPT = 5_000;

/** Time for which the next instance waits for the `stop` of the previous one, in milliseconds. */
const LONGEST_STOP = 1_000;

/** Lifetime below which an instance is not started again at once, in milliseconds. */
const SHORTEST_RUN = 1_000;

/** Delay between two tries to free the same register, in milliseconds. */
const RETRY_WAIT = 50;

function lost(): SynodError {
  return new SynodError("session_lost", "The host lost its session before the instance began");
}

/** An error of the host itself. */
function toReply(error: unknown): SingletonReply {
  return { type: "failed", byHost: error instanceof SynodError, failure: toFailure(error) };
}
