import { SynodError } from "../errors.ts";
import { traced } from "./call_trace.ts";
import type { Life } from "../paxos/ballot.ts";
import type { Asker } from "./caller_record.ts";
import { samePid } from "../paxos/kv_register.ts";
import type { RegisterId } from "../paxos/register.ts";
import { isGuest, parseSession } from "../paxos/sessions.ts";
import type { Process } from "../processes/process.ts";
import {
  type CallsUnderWay,
  encodeSingletonReply,
  encodeSingletonRequest,
  type SingletonReply,
  type SingletonRequest,
} from "./singleton_messages.ts";
import {
  type Draining,
  type InstanceToRun,
  leave,
  lost,
  RunningInstance,
  type RunningInstanceParts,
  type StartRequest,
  toReply,
} from "./running_instance.ts";
import { Inbox, type ReceivedCall, type Unconfirmed } from "./inbox.ts";
import { takeChange } from "./singleton_value.ts";
import type { Hosted } from "./hosts.ts";
import type { AnySpec } from "./spec.ts";

/** What a host needs of its node. */
export interface HostParts extends RunningInstanceParts {
  readonly specs: readonly AnySpec[];
  /** What always has to run somewhere. */
  readonly kept: Hosted["kept"];
  /** Starts the process that an instance lives in. */
  readonly spawn: () => Process<unknown>;
}

/** Runs the singletons of this node. */
export class Host {
  readonly #parts: HostParts;
  readonly #specs: ReadonlyMap<string, AnySpec>;
  readonly #running = new Map<RegisterId, RunningInstance>();
  readonly #starting = new Map<RegisterId, Promise<SingletonReply>>();
  /** Calls of an instance that is starting, from callers that know of it before this node does. */
  readonly #early = new Map<RegisterId, ReceivedCall[]>();
  #inbox: Inbox;
  /**
   * The life of this node that `#inbox` belongs to: callers number their calls for each life of a host from
   * the beginning.
   */
  #life: Life;
  /** Why this node starts nothing any more. */
  #leaving: SynodError | undefined;
  /** Ends the watch for silent callers, while it is on. */
  #stopWatch: (() => void) | undefined;

  /** Starts without instances. */
  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#specs = new Map(parts.specs.map((spec) => [spec.id, spec]));
    this.#life = parts.core.life;
    this.#inbox = this.#newInbox();
  }

  /** The number of instances that run. */
  get size(): number {
    return this.#running.size;
  }

  /** The calls of these instances; `null` for each that does not run here. */
  callsOf(registers: readonly RegisterId[]): (CallsUnderWay | null)[] {
    return registers.map((register) => this.#running.get(register)?.instance.underWay ?? null);
  }

  /** The number of callers' lives that are remembered. */
  get callers(): number {
    return this.#inbox.lives;
  }

  /**
   * Takes a request of another node, or of this one. A request about another life of this node gets no
   * answer. `via`: who sends it in the name of a guest.
   */
  receive(
    from: string,
    life: Life,
    request: SingletonRequest,
    tell: (body: Uint8Array) => void,
    via: Asker = { node: from, life },
  ): void {
    const answer = (answer: SingletonReply) => tell(encodeSingletonReply(answer));
    if (request.type === "start") {
      // Answers at once, so that a slow start is not taken for a lost host.
      answer({ type: "running" });
      void this.start(request).then(answer);
      return;
    }
    const { core } = this.#parts;
    // Only the life of the session can say that a call never began; about other lives this node must stay
    // silent.
    const isCall = request.type === "call" || request.type === "cancel";
    if (!isCall || parseSession(request.session).life !== core.life) return;
    // The header of the frame carries the caller's clock, so a correct birth is never above this node's
    // counter.
    if (request.birth > core.clock.counter) return;
    if (this.#life !== core.life) {
      this.#life = core.life;
      this.#inbox = this.#newInbox();
    }
    if (request.type === "cancel") return this.#inbox.cancel(from, life, request);
    this.#inbox.receive(from, life, request, answer, via);
    this.#watchCallers();
  }

  /** Watches no callers any more. */
  stop(): void {
    this.#stopWatch?.();
  }

  /** Whether the node can run singletons. */
  get canRun(): boolean {
    return this.#specs.size > 0;
  }

  /** See {@linkcode Inbox.unconfirmed}. */
  get unconfirmed(): Unconfirmed | undefined {
    return this.#inbox.unconfirmed;
  }

  /** Whether the node leaves, and starts nothing any more. */
  get isLeaving(): boolean {
    return this.#leaving !== undefined;
  }

  /**
   * Ends all instances, because of `reason`, each when its calls that have begun are over, or when `late`
   * resolves. `over`: no call runs any more that has to be waited for; `free`: the registers are free.
   */
  drain(reason: SynodError, late: Promise<void>): Draining {
    this.#leaving = reason;
    const all = [...this.#running.values()].map((instance) => instance.drain(reason, late));
    return {
      over: Promise.all(all.map(({ over }) => over)).then(() => {}),
      free: Promise.all([...all.map(({ free }) => free), ...this.#starting.values()])
        .then(() => {}),
    };
  }

  /** Tells the nodes that called lately that nothing runs in `session` any more. */
  sayGone(session: string): void {
    const { core } = this.#parts;
    const body = encodeSingletonRequest({ type: "gone", session });
    for (const node of this.#inbox.callers) {
      // Their gateways watch the session.
      if (isGuest(node)) continue;
      core.tell(node, body);
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
    if (this.#leaving !== undefined) return Promise.resolve(toReply(this.#leaving));
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

  /** Cancels, as long as calls run or streams are open, those whose callers are silent: their nodes are lost. */
  #watchCallers(): void {
    if (this.#stopWatch !== undefined || this.#parts.core.closed !== undefined) return;
    if (!this.#inbox.isWaitedFor && !this.#hasStreams) return;
    const { core } = this.#parts;
    const longest = Math.max(core.maxTtl, CALLERS_KEPT, SILENT_ROUND_TRIPS * core.pacing.roundTrip);
    this.#stopWatch = core.runtime.setTimer(() => {
      this.#stopWatch = undefined;
      this.#inbox.cancelSilent(longest);
      for (const { instance } of this.#running.values()) instance.stopSilent(longest);
      this.#watchCallers();
    }, longest / 5);
  }

  get #hasStreams(): boolean {
    return [...this.#running.values()].some(({ instance }) => instance.streams > 0);
  }

  #newInbox(): Inbox {
    const { core } = this.#parts;
    return new Inbox({
      handle: (received) => this.#call(traced(core, received)),
      now: () => core.runtime.now(),
      // Renewals carry clocks: a caller that begins after this time has heard of all births forgotten by
      // then.
      keptFor: () => Math.max(core.maxTtl, CALLERS_KEPT),
    });
  }

  async #start(start: StartRequest): Promise<SingletonReply> {
    const { register, spec: id, args, timeout } = start;
    const { core, spawn } = this.#parts;
    const { ended } = core.queries;
    const spec = this.#specs.get(id);
    if (spec === undefined) {
      throw new SynodError("no_host", `Node ${core.self} cannot run ${JSON.stringify(id)}`);
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
    const mayTake = () =>
      !process.signal.aborted && this.#leaving === undefined && core.session.isValid(pid.session);
    const own = this.#parts.kept.get(register);
    const decides = own !== undefined || start.kept;
    const restart = decides ? "permanent" : spec.restart ?? "temporary";
    const wanted = { restart, args: own?.args ?? args, decides, after: start.after } as const;
    const op = core.nextOperation();
    try {
      // The register is written before the instance is made, so there are never two instances.
      const change = takeChange(op, pid, wanted, (session) => ended.has(session), mayTake);
      const { result, token } = await core.proposals.change(register, change, {
        ...limits,
        ...{ keepPromise: true, takesOver: true },
        writing: () => void (wrote = true),
      });
      if (result.pid === null) {
        if (mayTake()) {
          void process.exit();
          return { type: "refused" };
        }
        throw this.#leaving ?? lost();
      }
      if (!samePid(result.pid, pid)) {
        void process.exit();
        return { type: "started", pid: result.pid, token };
      }
      if (!mayTake()) throw this.#leaving ?? lost();
      const { args, restart } = result;
      return await this.#run({ register, spec, process, token, args, restart, start });
    } catch (error) {
      // The write may still take effect; it names a process that has ended by then.
      if (this.#running.get(register)?.process !== process && wrote) {
        void leave(core, register, pid, { byItself: false, failed: false }, true);
      }
      void process.exit();
      throw error;
    }
  }

  /** Runs the instance of a register that names this host. */
  #run(toRun: InstanceToRun): Promise<SingletonReply> {
    const { register, process } = toRun;
    const instance = new RunningInstance(toRun, this.#parts, () => {
      if (this.#running.get(register) === instance) this.#running.delete(register);
    });
    if (!process.signal.aborted) this.#running.set(register, instance);
    this.#takeEarly(register);
    return instance.make();
  }

  #call(received: ReceivedCall): void {
    const { call } = received;
    const running = this.#running.get(call.register);
    if (running?.isMeantBy(call) && running.takesCalls) {
      return running.instance.call(received);
    }
    // Other nodes may learn that the register is written before this node has the answers to its write. A
    // call that is refused then could be overtaken by the caller's next call.
    const isLater = running === undefined || running.instance.token < call.token;
    if (!isLater || !this.#starting.has(call.register)) return received.reply({ type: "refused" });
    const early = this.#early.get(call.register);
    if (early === undefined) this.#early.set(call.register, [received]);
    else early.push(received);
  }

  #takeEarly(register: RegisterId): void {
    const early = this.#early.get(register);
    this.#early.delete(register);
    for (const received of early ?? []) this.#call(received);
  }
}

/**
 * Time for which silent callers are remembered at least, in milliseconds: callers that wait send again every
 * second, and take a new birth after a second of silence.
 */
const CALLERS_KEPT = 5_000;

/** Round trips that callers may be silent while they wait: they send again after one and a half of them. */
const SILENT_ROUND_TRIPS = 4;
