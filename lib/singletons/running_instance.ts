import { decodeValue, type Key, parseRegisterId } from "../codec.ts";
import { SynodError } from "../errors.ts";
import type { Core } from "../node/core.ts";
import { onAbort } from "../node/shell.ts";
import { checkKnown, type OptionNames, refuseUnless } from "../options.ts";
import { release } from "../owners/release.ts";
import { samePid } from "../paxos/kv_register.ts";
import type { Pid, RegisterId } from "../paxos/register.ts";
import type { Process } from "../processes/process.ts";
import type { SingletonReply, SingletonRequest } from "./singleton_messages.ts";
import { contextOf, type InstanceCalls } from "./context.ts";
import { toFailure } from "./failure.ts";
import { Instance } from "./instance.ts";
import { leaveChange, type Leaving, singletonOf } from "./singleton_value.ts";
import type { AnySpec, ExitOptions, Restart } from "./spec.ts";
import { States } from "./states.ts";
import { singletonOf as namesOf } from "../trace_names.ts";

/** A request to start an instance. */
export type StartRequest = SingletonRequest & { readonly type: "start" };

/** A register that names this host, and the instance to run for it. */
export interface InstanceToRun {
  readonly register: RegisterId;
  readonly spec: AnySpec;
  /** The process that the instance lives in. */
  readonly process: Process<unknown>;
  readonly token: number;
  readonly args: Uint8Array;
  /** What the register says of it, which may be more than its spec does. */
  readonly restart: Restart;
  readonly start: StartRequest;
}

/** The end of an instance whose host leaves. */
export interface Draining {
  /** Resolves when no call runs any more that has to be waited for. */
  readonly over: Promise<void>;
  /** Resolves when the register is free, or the session of the host is over. */
  readonly free: Promise<void>;
}

/** A failed start that is reported to no caller. */
export interface StartFailed {
  readonly pid: Pid;
  readonly error: unknown;
  /** The id of the spec. */
  readonly spec: string;
  readonly key: Key;
}

/** What an instance needs of its host and node. */
export interface RunningInstanceParts {
  readonly core: Core;
  /** How instances make calls. */
  readonly instanceCalls: InstanceCalls;
  /** An instance that has to be kept running starts here. */
  readonly began: (register: RegisterId, spec: AnySpec, args: Uint8Array) => void;
  /** An instance that has to be kept running has ended here: another node has to start it. */
  readonly left: (register: RegisterId, spec: AnySpec, args: Uint8Array) => void;
  /** A start has failed and no call waits for it. */
  readonly startFailed: (failed: StartFailed) => void;
  /** An error that has no caller to go to. */
  readonly failed: (error: unknown) => void;
}

const EXIT_NAMES: OptionNames<ExitOptions> = { forget: true };

/** Time for which the next instance waits for the `stop` of the previous one, in milliseconds. */
const LONGEST_STOP = 1_000;

/** Lifetime below which an instance is not started again at once, in milliseconds. */
const SHORTEST_RUN = 1_000;

/** One instance on this host, from the register that names the host to its end, when the register is free. */
export class RunningInstance {
  readonly process: Process<unknown>;
  readonly instance: Instance;
  readonly #toRun: InstanceToRun;
  readonly #parts: RunningInstanceParts;
  readonly #began: number;
  /**
   * The answer if the process ends before the instance is made. It comes when the key is free, so that a caller
   * that tries again starts a new instance.
   */
  readonly #cut: Promise<SingletonReply>;
  #started: Promise<SingletonReply>;
  /** What the start has made; `null` until then. */
  #made: { readonly value: unknown } | null = null;
  #failure: SingletonReply | undefined;
  readonly #states: States;
  /** Whether its states end with it. */
  #forgets = false;
  /** Why some of them may be left. */
  #notForgotten: { readonly error: unknown } | undefined;
  /** Why the host leaves, if it does: the calls that wait are refused when the register is free. */
  #leaving: SynodError | undefined;
  /** Resolves when the register is free, or the session of the host is over. */
  readonly #over: Promise<void>;

  /** Makes nothing before `make`; calls `freed` at its end. */
  constructor(toRun: InstanceToRun, parts: RunningInstanceParts, freed: () => void) {
    const { register, spec, process, token, args, restart } = toRun;
    const { core } = parts;
    this.#toRun = toRun;
    this.#parts = parts;
    this.process = process;
    this.instance = new Instance({
      pid: process.pid,
      token,
      concurrent: spec.concurrent ?? false,
      maxValueBytes: core.maxValueBytes,
      isOpen: () => !process.signal.aborted && core.session.isValid(process.pid.session),
      now: () => core.runtime.now(),
      failed: parts.failed,
    });
    const { key } = parseRegisterId(register);
    this.#states = new States(spec.id, key, {
      ...{ core, token, signal: process.signal, session: process.pid.session },
      isCurrent: async (limits) => {
        const chosen = await core.reads.read(register, limits);
        const pid = singletonOf(chosen.state)?.pid ?? null;
        return chosen.token === token && pid !== null && samePid(pid, process.pid);
      },
      replaced: (error) => void process.exit(error),
    });
    this.#began = core.runtime.now();
    let ended!: () => void;
    const over = this.#over = new Promise<void>((resolve) => ended = resolve);
    // Callers must not wait for a start that never settles once its process has ended.
    this.#cut = process.exited.then(() => over).then(() =>
      this.#failure ?? toReply(this.#leaving ?? lost())
    );
    this.#started = this.#cut;
    // In the same turn in which the process ends: a closing node may have no later turn.
    onAbort(process.signal, () => {
      this.#end(freed).catch(parts.failed).then(ended);
    });
    if (!process.signal.aborted && restart !== "temporary") parts.began(register, spec, args);
  }

  /** The answer to those who want it started. */
  get started(): Promise<SingletonReply> {
    return this.#started;
  }

  /** Whether it takes calls: those that cannot begin any more wait for its end. */
  get takesCalls(): boolean {
    return this.#leaving !== undefined || !this.process.signal.aborted;
  }

  /** Ends the instance, because of `reason`, when the calls that have begun are over, or when `late` resolves. */
  drain(reason: SynodError, late: Promise<void>): Draining {
    const over = this.#finish(reason, late);
    return { over, free: over.then(() => this.#over) };
  }

  async #finish(reason: SynodError, late: Promise<void>): Promise<void> {
    if (this.process.signal.aborted) return;
    this.#leaving = reason;
    if (this.#made !== null) {
      await Promise.race([this.instance.hold(), late, this.process.exited]);
    }
    void this.process.exit(reason);
  }

  /** Whether `call` was meant for this instance, and not for an earlier or later one. */
  isMeantBy({ token, session }: { readonly token: number; readonly session: string }): boolean {
    return this.instance.token === token && this.instance.pid.session === session;
  }

  /** Has the spec make the instance. */
  make(): Promise<SingletonReply> {
    return this.#started = Promise.race([this.#make(), this.#cut]);
  }

  async #make(): Promise<SingletonReply> {
    const { spec, process, token, args } = this.#toRun;
    const { core } = this.#parts;
    const context = this.#context();
    // The last check of the clock: the machine may have slept since the register was written.
    if (process.signal.aborted) return toReply(lost());
    try {
      this.#made = { value: await spec.start(context, ...decodeValue(args) as never[]) };
    } catch (error) {
      this.#fail(error);
      void process.exit(error);
      return await this.#cut;
    }
    if (process.signal.aborted) {
      // It ended while it was starting: no caller can use the result.
      void this.#stop(this.#made.value);
      return await this.#cut;
    }
    core.trace?.({ type: "instance.started", ...this.#name });
    this.instance.begin(this.#made.value);
    return { type: "started", pid: process.pid, token };
  }

  #context() {
    const { register, spec, process, token, start } = this.#toRun;
    const end = async (reason: unknown, options: ExitOptions) => {
      checkKnown("exit", options, EXIT_NAMES);
      const { forget = false } = options;
      refuseUnless(typeof forget === "boolean", "exit", "forget", "true or false", forget);
      if (!process.signal.aborted) this.#forgets = forget;
      // The callers of an instance that exits while it starts get its reason.
      if (this.#made === null && !process.signal.aborted) {
        this.#fail(reason ?? new SynodError("exited", "The instance has exited while it started"));
      }
      await process.exit(reason);
      if (!forget) return;
      await this.#over;
      if (!this.#forgets) throw new SynodError("session_lost", "The instance has ended before");
      if (this.#notForgotten !== undefined) throw this.#notForgotten.error;
    };
    const exit = (reason?: unknown, options: ExitOptions = {}) => {
      const ended = end(reason, options);
      // An instance may end itself without waiting for it; what failed is an event, too. Wrong options end nothing.
      if (process.signal.aborted && options?.forget) ended.catch(() => {});
      return ended;
    };
    const state = <T>(name: string, initial: T) => this.#states.open(name, initial);
    const chain = () => {
      if (this.#made === null) return [...start.chain, register];
      const { call, isStream } = this.instance.current ?? {};
      // Nothing waits for a stream.
      if (call === undefined || isStream) return [];
      return spec.concurrent ? call.chain : [...call.chain, register];
    };
    const current = () => {
      const call = this.instance.current;
      if (call === undefined) return null;
      const { node, cancellation } = call;
      return { node, signal: cancellation.signal };
    };
    const { key } = parseRegisterId(register);
    const own = { key, pid: process.pid, token, signal: process.signal, exit, state };
    return contextOf(
      { ...own, node: this.#parts.core.self },
      this.#parts.instanceCalls,
      chain,
      current,
    );
  }

  /** The instance as events name it. */
  get #name() {
    const { register, process: { pid }, token } = this.#toRun;
    return { ...namesOf(register), pid, token };
  }

  /** There will be no instance, because of `error`. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    const { register, spec, process, start } = this.#toRun;
    this.#failure = { type: "failed", byHost: false, failure: toFailure(error) };
    this.instance.fail(error);
    if (!start.background) return;
    const { key } = parseRegisterId(register);
    this.#parts.startFailed({ pid: process.pid, error, spec: spec.id, key });
  }

  /** Handles the end of the process, after its signal has aborted. */
  async #end(freed: () => void): Promise<void> {
    const { register, spec, args, restart } = this.#toRun;
    const { core, left } = this.#parts;
    const { pid } = this.instance;
    const made = this.#made;
    const isGraceful = core.session.isPossible(pid.session);
    this.instance.endStreams(!isGraceful);
    if (this.#leaving === undefined) this.instance.end();
    const isClosing = this.#leaving !== undefined || core.closed !== undefined;
    if (made !== null && isGraceful) {
      const stopped = this.#stop(made.value);
      // A user's `stop` may never settle; the next instance must not wait for it.
      if (spec.stop !== undefined && !isClosing) {
        await Promise.race([stopped, core.pause(LONGEST_STOP)]);
      }
    }
    // Before the next instance can open them.
    if (this.#forgets) await this.#forget();
    const byItself = !isClosing && isGraceful && made !== null;
    const isShort = core.runtime.now() - this.#began < SHORTEST_RUN;
    // An instance that ends right after its start counts as failed, so that it is not restarted in a tight
    // loop.
    const failed = !isClosing && (made === null || isShort);
    await leave(core, register, pid, { byItself, failed }, false);
    if (made !== null) core.trace?.({ type: "instance.ended", ...this.#name });
    freed();
    this.instance.end();
    const waits = restart === "permanent" || (restart === "transient" && !byItself);
    // Otherwise the hosts find it at their next check.
    if (waits && !failed && (isClosing || !isShort)) left(register, spec, args);
  }

  /** Removes its states. The register must become free also if that fails. */
  async #forget(): Promise<void> {
    try {
      await this.#states.forget();
    } catch (error) {
      this.#notForgotten = { error };
      this.#parts.failed(error);
    }
  }

  async #stop(value: unknown): Promise<void> {
    try {
      await this.#toRun.spec.stop?.(value);
    } catch (error) {
      this.#parts.failed(error);
    }
  }
}

/** Frees the register of an instance that has ended, or never began. */
export function leave(
  core: Core,
  register: RegisterId,
  pid: Pid,
  leaving: Leaving,
  unsure: boolean,
): Promise<void> {
  const change = leaveChange(core.nextOperation(), (other) => samePid(other, pid), leaving);
  // Callers wait for it, and after the deadline of the session the register is free for others anyway.
  const limits = () => ({ deadline: core.runtime.now() + core.session.remaining + 1 });
  return release(core, { register, session: pid.session, change, unsure, limits });
}

/** The error of an instance whose host lost its session too early. */
export function lost(): SynodError {
  return new SynodError("session_lost", "The host lost its session before the instance began");
}

/** An error of the host itself. */
export function toReply(error: unknown): SingletonReply {
  return { type: "failed", byHost: error instanceof SynodError, failure: toFailure(error) };
}
