import { SynodError } from "../errors.ts";
import type { SessionMonitor } from "../owners/session_monitor.ts";
import { Asking } from "../node/engine/peer_request.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/runtime/operation.ts";
import type { Life } from "../paxos/ballot.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import { Unbegun } from "./unbegun.ts";
import {
  type Answer,
  type Chain,
  decodeAnswer,
  encodeQuestion,
  MAX_OPEN,
  type Question,
} from "./bodies.ts";

/** The attempts of this node to one life of a host, numbered since its birth. */
interface Channel {
  /** The Lamport counter by which the host tells it from earlier ones of this node. */
  readonly birth: number;
  /** The life of this node that it belongs to. */
  readonly life: Life;
  last: number;
  /** When it was used last. */
  used: number;
  /** Whether the host has forgotten it. */
  isStale: boolean;
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

/**
 * A channel that was idle for this long is not used again, in milliseconds: hosts forget silent callers, and
 * that a call to one of them is the first of its number is certain only after a new birth.
 */
const LONGEST_IDLE = 1_000;

/** Idle channels that are kept until they are cleared away together. */
const MAX_CHANNELS = 1_000;

/**
 * Time within which a host has to say at least that it is starting, in milliseconds; where round trips are
 * longer, three of those. Then it is taken for gone.
 */
const SILENT_HOST = 500;
const SILENT_ROUND_TRIPS = 3;

/** A host that was not asked this often since it was heard is not taken for silent. */
const ASKED_AT_LEAST = 2;

/** What an attempt ended as; `lost`: its host vanished, or was silent for too long. */
export type Outcome = Exclude<Answer, { type: "running" | "begun" | "stale" }> | {
  readonly type: "lost";
};

/** What is called, and by what name. */
export interface Attempt {
  readonly pid: Pid;
  readonly token: number;
  readonly register: RegisterId;
  readonly method: string;
  readonly args: Uint8Array;
  readonly chain: Chain;
}

/** What is known of a call while it is under way. */
interface Watched {
  /** The session of the instance that is called: when it ends, so does the call. */
  readonly session: SessionId;
  /** Whether it must not be sent again. */
  readonly isLost: () => boolean;
  /** Called when it is known to be executed. */
  readonly begun: () => void;
  /** Called when the host has forgotten what it ran of this channel. */
  readonly stale: () => void;
}

/** The caller's side: numbers attempts, sends them until they are answered, and finds out about hosts. */
export class Outbound {
  readonly #core: Core;
  readonly #monitor: SessionMonitor;
  readonly #channels = new Map<Life, Channel>();
  readonly #unbegun = new Unbegun();
  /** How many channels there are when idle ones are cleared away next. */
  #clearAt = MAX_CHANNELS;

  /** Calls in the name of `core`'s node. */
  constructor(core: Core, monitor: SessionMonitor) {
    this.#core = core;
    this.#monitor = monitor;
  }

  /** How many lives of hosts have a channel. */
  get channels(): number {
    return this.#channels.size;
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
        stale: () => void (channel.isStale = true),
      });
    } finally {
      settle();
      channel.open.delete(sequence);
      channel.used = engine.runtime.now();
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
    const { pacing, engine } = this.#core;
    const patience = Math.max(SILENT_HOST, SILENT_ROUND_TRIPS * pacing.roundTrip);
    const silence = Math.min(patience, engine.settings.timeout / 4);
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
    /** How often it was asked since then: a caller that was paused itself has not asked meanwhile. */
    let asked = 0;
    const asking = new Asking(engine, node, (reply) => {
      if (reply.type !== "told") return;
      let answer: Answer;
      try {
        answer = decodeAnswer(reply.body);
      } catch {
        return;
      }
      heard = runtime.now();
      asked = 0;
      if (answer.type === "stale") {
        // It may have run before it was forgotten.
        call?.stale();
        operation.resolve({ type: "lost" });
      } else if (answer.type === "begun") call?.begun();
      else if (answer.type !== "running") operation.resolve(answer);
    });
    let cancelTimer = () => {};
    let stopMonitor = () => {};
    const send = (attempt: number) => {
      const isSilent = runtime.now() - heard > silence && asked >= ASKED_AT_LEAST;
      if (isSilent || call?.isLost()) return operation.resolve({ type: "lost" });
      asked++;
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

  #channel(host: Life): Channel {
    const { life, clock, runtime } = this.#core.engine;
    const now = runtime.now();
    const known = this.#channels.get(host);
    if (known !== undefined && known.life === life && !known.isStale) {
      if (known.open.size > 0 || now - known.used < LONGEST_IDLE) {
        known.used = now;
        return known;
      }
    }
    if (this.#channels.size >= this.#clearAt) this.#clear();
    const channel: Channel = {
      ...{ birth: clock.next(), life, last: 0, used: now, isStale: false },
      ...{ open: new Set<number>(), named: -Infinity },
    };
    this.#channels.set(host, channel);
    return channel;
  }

  /** Without an open attempt nothing of a channel has to be known: the next one has a birth of its own. */
  #clear(): void {
    for (const [host, { open }] of this.#channels) if (open.size === 0) this.#channels.delete(host);
    this.#clearAt = Math.max(MAX_CHANNELS, 2 * this.#channels.size);
  }
}

function toQuestion(
  { pid, token, register, method, args, chain }: Attempt,
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
  const { birth } = channel;
  const numbers = { birth, sequence, done, open, full };
  return { type: "call", register, session, token, ...numbers, method, args, chain };
}

/** The lowest attempt that is still open; numbers only grow, so it is the first one. */
function lowest(channel: Channel): number {
  for (const sequence of channel.open) return sequence;
  return channel.last + 1;
}

function tooLate(): SynodError {
  return new SynodError("no_quorum", "There was no time left for the call");
}
