import { decodeValue, parseRegisterId } from "../codec.ts";
import { SynodError } from "../errors.ts";
import type { EndedSessions } from "../locks/ended_sessions.ts";
import type { Core } from "../node/core.ts";
import type { Life } from "../paxos/ballot.ts";
import { samePid } from "../paxos/kv_register.ts";
import type { Pid, RegisterId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { Process } from "../processes.ts";
import { type Answer, decodeQuestion, encodeAnswer, type Question } from "./bodies.ts";
import { type Answering, type Call, Inbox } from "./inbox.ts";
import { Instance, toFailure } from "./instance.ts";
import { leaveChange, takeChange } from "./singleton_value.ts";
import type { AnySpec, ChildContext } from "./spec.ts";

type Start = Question & { readonly type: "start" };

/** What a host needs of its node. */
export interface HostParts {
  readonly core: Core;
  readonly specs: readonly AnySpec[];
  /** Sessions that are known to have ended. */
  readonly ended: EndedSessions;
  /** Starts the process that an instance lives in. */
  readonly spawn: () => Process<unknown>;
  /** What has to be kept running has ended here: somebody else has to start it. */
  readonly left: (register: RegisterId, spec: AnySpec, args: Uint8Array) => void;
  /** Something failed that nobody is waiting for. */
  readonly failed: (error: unknown) => void;
}

interface Running {
  readonly instance: Instance;
  readonly process: Process<unknown>;
  readonly started: Promise<Answer>;
}

/** The singletons that run on this node. */
export class Host {
  readonly #parts: HostParts;
  readonly #specs: ReadonlyMap<string, AnySpec>;
  readonly #running = new Map<RegisterId, Running>();
  readonly #starting = new Map<RegisterId, Promise<Answer>>();
  readonly #inbox = new Inbox((call, answering) => this.#call(call, answering));

  /** Runs nothing yet. */
  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#specs = new Map(parts.specs.map((spec) => [spec.id, spec]));
  }

  /** How many run. */
  get size(): number {
    return this.#running.size;
  }

  /** Answers another node, or this one itself; what it does not understand it leaves unanswered. */
  receive(life: Life, body: Uint8Array, tell: (body: Uint8Array) => void): void {
    let question: Question;
    try {
      question = decodeQuestion(body);
    } catch {
      return;
    }
    const answer = (answer: Answer) => tell(encodeAnswer(answer));
    if (question.type === "start") {
      // At once, so that nobody takes a slow start for a host that is gone.
      answer({ type: "running" });
      void this.start(question).then(answer);
      return;
    }
    // Only this very life can say of a call that it never started: for all others it stays silent.
    if (parseSession(question.session).life !== this.#parts.core.engine.life) return;
    this.#inbox.receive(life, question, answer);
  }

  /** Starts an instance, unless there is one somewhere: tells where it runs. Never rejects. */
  start(start: Start): Promise<Answer> {
    const { register } = start;
    const running = this.#running.get(register);
    if (running !== undefined && !running.process.signal.aborted) return running.started;
    let starting = this.#starting.get(register);
    if (starting === undefined) {
      starting = this.#start(start).catch(toAnswer)
        .finally(() => this.#starting.delete(register));
      this.#starting.set(register, starting);
    }
    return starting;
  }

  async #start({ register, spec: id, args, timeout }: Start): Promise<Answer> {
    const { core, ended, spawn } = this.#parts;
    const spec = this.#specs.get(id);
    if (spec === undefined) {
      throw new SynodError("no_host", `Node ${core.engine.self} cannot run ${JSON.stringify(id)}`);
    }
    const limits = core.limits(timeout);
    await core.session.valid(limits);
    const process = spawn();
    const { pid } = process;
    let wrote = false;
    const mayTake = () => !process.signal.aborted && core.session.isPossible(pid.session);
    const wanted = { restart: spec.restart ?? "temporary", args } as const;
    const op = core.nextOperation();
    try {
      // First the register, then the instance: so there never are two.
      const change = takeChange(op, pid, wanted, (session) => ended.has(session), mayTake);
      const { result, token } = await core.proposals.change(register, change, {
        ...limits,
        again: true,
        writing: () => void (wrote = true),
      });
      if (result.pid === null) throw lost();
      if (!samePid(result.pid, pid)) {
        void process.exit();
        return { type: "started", pid: result.pid, token };
      }
      if (!mayTake()) throw lost();
      return await this.#run(register, spec, process, token, result.args);
    } catch (error) {
      // What it wrote may take effect yet: the process that it names has ended by then.
      if (!this.#running.has(register) && wrote) void this.#leave(register, pid, false, true);
      void process.exit();
      throw error;
    }
  }

  /** Runs the instance of a register that is won. */
  #run(
    register: RegisterId,
    spec: AnySpec,
    process: Process<unknown>,
    token: number,
    args: Uint8Array,
  ): Promise<Answer> {
    const { core } = this.#parts;
    const { pid } = process;
    const instance = new Instance({
      pid,
      token,
      concurrent: spec.concurrent ?? false,
      maxValueBytes: core.engine.settings.maxValueBytes,
      isOpen: () => !process.signal.aborted && core.session.isValid(pid.session),
    });
    const context: ChildContext = {
      key: parseRegisterId(register).key,
      pid,
      token,
      signal: process.signal,
      node: core.engine.self,
      exit: (reason) => process.exit(reason),
    };
    let made: { readonly value: unknown } | undefined;
    const start = async (): Promise<Answer> => {
      try {
        made = { value: await spec.start(context, ...decodeValue(args) as never[]) };
      } catch (error) {
        instance.fail(error);
        void process.exit(error);
        // The key is free before anybody is told: who tries again starts anew.
        await over;
        return toFailure(error);
      }
      instance.begin(made.value);
      return { type: "started", pid, token };
    };
    const ending = process.exited.then(() => this.#end(register, spec, instance, () => made, args));
    const over = ending.catch((error) => this.#parts.failed(error));
    const started = start();
    this.#running.set(register, { instance, process, started });
    return started;
  }

  /** The process of an instance has ended, and its signal has aborted. */
  async #end(
    register: RegisterId,
    spec: AnySpec,
    instance: Instance,
    made: () => { readonly value: unknown } | undefined,
    args: Uint8Array,
  ): Promise<void> {
    const { core, failed, left } = this.#parts;
    instance.end();
    const { pid } = instance;
    const isGraceful = core.session.isPossible(pid.session);
    const value = made();
    if (value !== undefined && isGraceful && spec.stop !== undefined) {
      try {
        const stopped = Promise.resolve(spec.stop(value.value)).catch(failed);
        // A user's function may take for ever; the next instance must not wait as long.
        if (core.closed === undefined) await Promise.race([stopped, core.pause(STOP_PATIENCE)]);
      } catch (error) {
        failed(error);
      }
    }
    const byItself = core.closed === undefined && isGraceful && value !== undefined;
    await this.#leave(register, pid, byItself, false);
    if (this.#running.get(register)?.instance === instance) this.#running.delete(register);
    const restart = spec.restart ?? "temporary";
    if (restart === "permanent" || (restart === "transient" && !byItself)) {
      left(register, spec, args);
    }
  }

  /** Frees the register of an instance that has ended; tries until it is done or its session is over. */
  async #leave(
    register: RegisterId,
    pid: Pid,
    byItself: boolean,
    mustWrite: boolean,
  ): Promise<void> {
    const { core } = this.#parts;
    const change = leaveChange(core.nextOperation(), (other) => samePid(other, pid), byItself);
    while (core.session.isPossible(pid.session)) {
      try {
        const deadline = core.engine.runtime.now() + core.session.remaining + 1;
        await core.proposals.change(register, change, { deadline, mustWrite });
        return;
      } catch {
        if (core.engine.isClosed || core.engine.hopeless !== undefined) return;
        await core.pause(RETRY_WAIT);
      }
    }
  }

  #call(call: Call, answering: Answering): void {
    const running = this.#running.get(call.register);
    const isMeant = running !== undefined && running.instance.token === call.token &&
      running.instance.pid.session === call.session;
    if (!isMeant || running.process.signal.aborted) return answering({ type: "refused" });
    running.instance.call(call, answering);
  }
}

/** How long the next instance waits for the `stop` of the one before, in milliseconds. */
const STOP_PATIENCE = 1_000;

/** Between two tries to free the same register, in milliseconds. */
const RETRY_WAIT = 50;

function lost(): SynodError {
  return new SynodError("session_lost", "The host lost its session before the instance began");
}

function toAnswer(error: unknown): Answer {
  const code = error instanceof SynodError ? error.code : "";
  return { ...toFailure(error), code };
}
