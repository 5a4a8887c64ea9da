import { SynodError } from "../errors.ts";
import type { SessionMonitor } from "../owners/session_monitor.ts";
import { Asking } from "../node/engine/peer_request.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/runtime/operation.ts";
import type { Life } from "../paxos/ballot.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import { Unbegun } from "./unbegun.ts";
import { type Answer, decodeAnswer, encodeQuestion, MAX_OPEN, type Question } from "./bodies.ts";

/** The attempts of this node to one life of a host. */
interface Channel {
  last: number;
  /** Those that still wait for their answer, in order. */
  readonly open: Set<number>;
  /** When as many of them as possible were named last. */
  named: number;
}

/**
 * So many open attempts are named when a call is sent first. Only a number that never arrived needs more,
 * since it holds up all later ones: then these are sent again, and one of them now and then names more.
 */
const FEW_OPEN = 8;
const NAMED_EVERY = 200;

/** So many lives of hosts are remembered: a number must not be used again for the same one. */
const MAX_CHANNELS = 10_000;

/** A host that does not even say that it is starting within so many milliseconds is taken for gone. */
const SILENT_HOST = 500;

/** What an attempt ended as; `lost`: its host vanished, or was silent for too long. */
export type Outcome = Exclude<Answer, { type: "running" | "begun" }> | { readonly type: "lost" };

/** What is called, and by what name. */
export interface Attempt {
  readonly pid: Pid;
  readonly token: number;
  readonly register: RegisterId;
  readonly method: string;
  readonly args: Uint8Array;
}

/** What is known of a call while it is under way. */
interface Watched {
  /** The session of the instance that is called: when it ends, so does the call. */
  readonly session: SessionId;
  /** Whether it must not be sent again. */
  readonly isLost: () => boolean;
  /** Called when it is known to be executed. */
  readonly begun: () => void;
}

/** The caller's side: numbers attempts, sends them until they are answered, and finds out about hosts. */
export class Outbound {
  readonly #core: Core;
  readonly #monitor: SessionMonitor;
  readonly #channels = new Map<Life, Channel>();
  readonly #unbegun = new Unbegun();

  /** Calls in the name of `core`'s node. */
  constructor(core: Core, monitor: SessionMonitor) {
    this.#core = core;
    this.#monitor = monitor;
  }

  /** Makes one attempt, numbered in this very turn: it is executed at most once. */
  async call(attempt: Attempt, limits: Limits): Promise<Outcome> {
    const { engine } = this.#core;
    limits.signal?.throwIfAborted();
    if (limits.deadline <= engine.runtime.now()) throw limits.late?.() ?? tooLate();
    const { pid } = attempt;
    const channel = this.#channel(parseSession(pid.session).life);
    const sequence = ++channel.last;
    channel.open.add(sequence);
    const settle = this.#unbegun.add(attempt.register, attempt.token);
    try {
      let isFirst = true;
      const question = () => {
        const now = engine.runtime.now();
        const named = isFirst || now - channel.named < NAMED_EVERY ? FEW_OPEN : MAX_OPEN;
        isFirst = false;
        if (named === MAX_OPEN) channel.named = now;
        return toQuestion(attempt, channel, sequence, named);
      };
      const { life, settings: { timeout } } = engine;
      return await this.#ask(pid.node, question, limits, timeout, {
        session: pid.session,
        // In a life that began since then the host would take it for another attempt.
        isLost: () => engine.life !== life,
        begun: settle,
      });
    } finally {
      settle();
      channel.open.delete(sequence);
    }
  }

  /** Whether calls that went to any instance, or to any other than that with `token`, may be refused yet. */
  isUnsure(register: RegisterId, token?: number): boolean {
    return this.#unbegun.hasOther(register, token);
  }

  /** Resolves when no call of `register` that was made so far can be refused any more. */
  async settled(register: RegisterId): Promise<void> {
    await this.#unbegun.none(register);
  }

  /** Sends a call once, and waits for nothing. */
  cast(attempt: Attempt): void {
    const { engine } = this.#core;
    const { pid } = attempt;
    const channel = this.#channel(parseSession(pid.session).life);
    const body = encodeQuestion(toQuestion(attempt, channel, ++channel.last, FEW_OPEN));
    engine.askOnce(pid.node, { id: engine.calls.next(), type: "ask", body });
  }

  /** Asks a node to start an instance, which may take as long as `limits` say while it says that it does. */
  async start(node: string, question: Question, limits: Limits): Promise<Outcome> {
    // To ask the next host for nothing does no harm: the register decides which of them runs it.
    const silence = Math.min(SILENT_HOST, this.#core.engine.settings.timeout / 4);
    return await this.#ask(node, () => question, limits, silence);
  }

  /** Asks one node until it answers, it is known to be gone, or it has been silent for too long. */
  #ask(
    node: string,
    question: () => Question,
    limits: Limits,
    silence: number,
    call?: Watched,
  ): Promise<Outcome> {
    const { engine, pacing } = this.#core;
    const { runtime } = engine;
    const operation = engine.operation<Outcome>(limits);
    if (operation.ended) return operation.promise;
    let heard = runtime.now();
    const asking = new Asking(engine, node, (reply) => {
      if (reply.type !== "told") return;
      let answer: Answer;
      try {
        answer = decodeAnswer(reply.body);
      } catch {
        return;
      }
      heard = runtime.now();
      if (answer.type === "begun") call?.begun();
      else if (answer.type !== "running") operation.resolve(answer);
    });
    let cancelTimer = () => {};
    let stopMonitor = () => {};
    const send = (attempt: number) => {
      if (runtime.now() - heard > silence || call?.isLost()) {
        return operation.resolve({ type: "lost" });
      }
      // Most calls are answered before anybody has to ask whether their host still lives.
      if (attempt === 1 && call !== undefined) {
        stopMonitor = this.#monitor.watch(call.session, () => operation.resolve({ type: "lost" }));
      }
      asking.ask({ type: "ask", body: encodeQuestion(question()) });
      // A call takes as long as its method does: asking again and again would only be more work for a
      // busy host.
      const wait = Math.min(pacing.resend(attempt + 2), silence / 2);
      cancelTimer = runtime.setTimer(() => send(attempt + 1), wait);
    };
    operation.onEnd(() => {
      cancelTimer();
      stopMonitor();
      asking.close();
    });
    try {
      send(0);
    } catch (error) {
      operation.reject(error);
    }
    return operation.promise;
  }

  #channel(life: Life): Channel {
    let channel = this.#channels.get(life);
    if (channel === undefined) {
      if (this.#channels.size >= MAX_CHANNELS) {
        throw new SynodError(
          "queue_full",
          `Singletons on ${MAX_CHANNELS} hosts were called already`,
        );
      }
      this.#channels.set(life, channel = { last: 0, open: new Set(), named: -Infinity });
    }
    return channel;
  }
}

function toQuestion(
  { pid, token, register, method, args }: Attempt,
  channel: Channel,
  sequence: number,
  named: number,
): Question {
  const { session } = pid;
  const done = Math.min(lowest(channel), sequence) - 1;
  const open: number[] = [];
  for (const number of channel.open) {
    // Numbers only grow, so they are in order.
    if (number >= sequence || open.length === named) break;
    open.push(number);
  }
  const full = open.length === named;
  return { type: "call", register, session, token, sequence, done, open, full, method, args };
}

/** The lowest attempt that is still open; numbers only grow, so it is the first one. */
function lowest(channel: Channel): number {
  for (const sequence of channel.open) return sequence;
  return channel.last + 1;
}

function tooLate(): SynodError {
  return new SynodError("no_quorum", "There was no time left for the call");
}
