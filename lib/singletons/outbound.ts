import { SynodError } from "../errors.ts";
import type { SessionMonitor } from "../owners/session_monitor.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { Life } from "../paxos/ballot.ts";
import type { Pid, RegisterId, SessionId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import { CallTrace } from "./call_trace.ts";
import type { Departures } from "./departures.ts";
import { OpenAttempts } from "./open_attempts.ts";
import { UnstartedCalls } from "./unstarted_calls.ts";
import {
  attemptName,
  type Chain,
  decodeSingletonReply,
  encodeSingletonRequest,
  type SingletonReply,
  type SingletonRequest,
} from "./singleton_messages.ts";
import type { Attempts } from "./calls.ts";
import { type Channel, Channels, FEW_OPEN, mostNamed, numbersOf } from "./channels.ts";

/**
 * Time within which a host has to answer at least that it is starting, in milliseconds; three round trips if
 * they take longer. After that the host counts as lost.
 */
const SILENT_HOST = 500;
const SILENT_ROUND_TRIPS = 3;

/** Requests without an answer before a host counts as silent. */
const ASKED_AT_LEAST = 2;

/** How an attempt ended; `lost`: its host vanished, or was silent for too long. */
export type AttemptOutcome =
  | Extract<
    SingletonReply,
    { type: "started" | "failed" | "returned" | "threw" | "refused" | "busy" }
  >
  | { readonly type: "lost" };

/** One attempt of a guest, with its numbers. */
export type Attempted = SingletonRequest & { readonly type: "call"; readonly caller?: string };

/** One call of one instance. */
export interface CallAttempt {
  readonly pid: Pid;
  readonly token: number;
  readonly register: RegisterId;
  readonly method: string;
  readonly args: Uint8Array;
  readonly chain: Chain;
  /** Whether it follows a stream: it is not repeated elsewhere, so no call has to wait for it. */
  readonly isPart?: boolean;
}

/** How a call is watched while it is under way. */
interface WatchedCall {
  /** The session of the called instance: when it ends, so does the call. */
  readonly session: SessionId;
  /** Its number for the host, once it was sent. */
  readonly number: () => CallNumber;
  /** Whether it is known that no attempt with its number was made by another node so far. */
  readonly isFirst: () => boolean;
  /** Whether the host has to be told if there is no answer at the end: the caller waits no more. */
  readonly isGivenUp: () => boolean;
  /** Whether it must not be sent again. */
  readonly isLost: () => boolean;
  /** Called when the method is known to have begun. */
  readonly begun: () => void;
  /** Called when the host has forgotten this channel. */
  readonly stale: () => void;
}

/** How an attempt of a guest is watched; see {@linkcode WatchedCall}. */
export interface GuestAttempt extends Pick<WatchedCall, "begun" | "isGivenUp" | "isFirst"> {
  /** The attempt as it is sent now: the guest may have given up others meanwhile. */
  readonly request: () => Attempted;
}

type CallNumber = Pick<Attempted, "birth" | "sequence" | "caller">;

/**
 * The caller's side of calls: numbers attempts, sends them until they are answered, and detects lost hosts.
 */
export class Outbound implements Attempts {
  readonly #core: Core;
  readonly #monitor: SessionMonitor;
  readonly #channels = new Channels();
  readonly #unstarted = new UnstartedCalls();
  readonly #departures: Pick<Departures, "hasLeft">;
  readonly #open = new OpenAttempts();

  /** Makes calls for `core`'s node. */
  constructor(core: Core, monitor: SessionMonitor, departures: Pick<Departures, "hasLeft">) {
    this.#core = core;
    this.#monitor = monitor;
    this.#departures = departures;
  }

  /** The number of hosts' lives that have a channel. */
  get channels(): number {
    return this.#channels.size;
  }

  /** Makes one attempt, numbered in the same turn; it is executed at most once. */
  async call(attempt: CallAttempt, limits: Limits): Promise<AttemptOutcome> {
    const { runtime } = this.#core;
    limits.signal?.throwIfAborted();
    if (limits.deadline <= runtime.now()) throw limits.late?.() ?? tooLate();
    const { pid } = attempt;
    const channel = this.#channel(parseSession(pid.session).life);
    const sequence = ++channel.last;
    channel.open.add(sequence);
    const settle = attempt.isPart ? () => {} : this.#unstarted.add(attempt.register, attempt.token);
    const trace = CallTrace.of(this.#core, attempt, pid.node);
    try {
      let isFirst = true;
      const request = () => {
        const named = mostNamed(channel, isFirst, runtime.now());
        isFirst = false;
        return toRequest(attempt, channel, sequence, named);
      };
      const { life, timeout } = this.#core;
      const outcome = await this.#ask(pid.node, request, limits, timeout, {
        session: pid.session,
        // In a later life of this node the host would take it for another attempt.
        isLost: () => this.#core.life !== life,
        number: () => ({ birth: channel.birth, sequence }),
        isFirst: () => true,
        isGivenUp: () => this.#core.life === life,
        begun: settle,
        stale: () => void (channel.isStale = true),
      });
      trace?.ended(outcome.type);
      return outcome;
    } catch (error) {
      trace?.ended("abandoned");
      throw error;
    } finally {
      settle();
      channel.open.delete(sequence);
      channel.used = runtime.now();
    }
  }

  /** Makes one attempt that its caller, a guest, has numbered; it is executed at most once. */
  async attempt(
    call: Attempted,
    limits: Limits,
    { begun, isGivenUp, isFirst, request }: GuestAttempt,
  ): Promise<AttemptOutcome> {
    const { timeout } = this.#core;
    return await this.#ask(parseSession(call.session).node, request, limits, timeout, {
      session: call.session,
      isLost: () => false,
      number: () => call,
      ...{ isGivenUp, isFirst },
      begun,
      stale: () => {},
    });
  }

  /** Sends such an attempt once without waiting for an answer. */
  attemptOnce(call: Attempted): void {
    const body = encodeSingletonRequest(call);
    const { node } = parseSession(call.session);
    this.#core.tell(node, body);
  }

  /**
   * A host that leaves has answered all calls of `session` that have begun: calls `settled` when this node has the
   * answers. Returns whether it has them already.
   */
  leaving(session: SessionId, settled: () => void): boolean {
    return this.#open.leaving(session, settled);
  }

  /** A host says that nothing runs in `session` any more. */
  gone(session: SessionId): void {
    this.#open.gone(session);
  }

  /**
   * Whether calls to an instance of `register` may still be refused; with `token`, calls to the instance with
   * that token do not count.
   */
  isUnsure(register: RegisterId, token?: number): boolean {
    return this.#unstarted.hasOther(register, token);
  }

  /** Resolves when no call of `register` made so far can be refused any more. */
  async settled(register: RegisterId): Promise<void> {
    await this.#unstarted.none(register);
  }

  /** Sends a call once without waiting for an answer. */
  cast(attempt: CallAttempt): void {
    const { pid } = attempt;
    const channel = this.#channel(parseSession(pid.session).life);
    const body = encodeSingletonRequest(
      toRequest(attempt, channel, ++channel.last, FEW_OPEN, false),
    );
    this.#core.tell(pid.node, body);
  }

  /**
   * Asks a node to start an instance. May take as long as `limits` allow while the host confirms that it
   * starts.
   */
  async start(node: string, request: SingletonRequest, limits: Limits): Promise<AttemptOutcome> {
    // Asking the next host too early does no harm: the register decides which host runs the instance.
    const { pacing, timeout } = this.#core;
    const longest = Math.max(SILENT_HOST, SILENT_ROUND_TRIPS * pacing.roundTrip);
    const silence = Math.min(longest, timeout / 4);
    return await this.#ask(node, () => request, limits, silence);
  }

  /** Asks a node until it answers, is known to be gone, or has been silent for too long. */
  #ask(
    node: string,
    request: () => SingletonRequest,
    limits: Limits,
    silence: number,
    call?: WatchedCall,
  ): Promise<AttemptOutcome> {
    const { runtime, pacing, life } = this.#core;
    const operation = this.#core.operation<AttemptOutcome>(limits);
    if (operation.ended) return operation.promise;
    let hasOutcome = false;
    let hasBegun = false;
    const end = (outcome: AttemptOutcome) => {
      hasOutcome = true;
      operation.resolve(outcome);
    };
    /** What becomes of a call whose host is gone. */
    const afterEnd = async (): Promise<AttemptOutcome> => {
      if (!call?.isFirst()) return { type: "lost" };
      const { birth, sequence, caller = life } = call.number();
      const name = attemptName(caller, birth, sequence);
      const neverBegan = await this.#departures.hasLeft(call.session, name);
      // Another node may have got it meanwhile: the host does not name what that one has an answer to.
      return { type: neverBegan && !hasBegun && call.isFirst() ? "refused" : "lost" };
    };
    let heard = runtime.now();
    /** Requests sent since then: a caller that was paused has sent none meanwhile. */
    let asked = 0;
    const peer = this.#core.peerRequest(node, (reply) => {
      if (reply.type !== "told") return;
      let answer: SingletonReply;
      try {
        answer = decodeSingletonReply(reply.body);
      } catch {
        return;
      }
      heard = runtime.now();
      asked = 0;
      switch (answer.type) {
        case "stale":
          // The attempt may have run before the host forgot it.
          call?.stale();
          return end({ type: "lost" });
        case "begun":
          hasBegun = true;
          return call?.begun();
        case "started":
        case "failed":
        case "returned":
        case "threw":
        case "refused":
        case "busy":
          return end(answer);
      }
    });
    let cancelTimer = () => {};
    let stopMonitor: (() => void) | undefined;
    const send = (attempt: number) => {
      const isSilent = runtime.now() - heard > silence && asked >= ASKED_AT_LEAST;
      if (call?.isLost()) return end({ type: "lost" });
      if (isSilent) return void afterEnd().then(end);
      asked++;
      // Most calls are answered before it is worth asking whether their host is alive; nothing is asked if its
      // session is watched anyway, as that of a known location is. What a guest sends again may come again before the
      // second request, as often as its tickets are too old.
      if (
        call !== undefined &&
        (attempt > 0 || this.#monitor.has(call.session) || !call.isFirst())
      ) {
        stopMonitor ??= this.#monitor.watch(
          call.session,
          () => void afterEnd().then(end),
        );
      }
      peer.send({ type: "ask", body: encodeSingletonRequest(request()) });
      // A call takes as long as its method does; frequent resends would only add work for a busy host.
      const wait = Math.min(pacing.resend(attempt + 2), silence / 2);
      cancelTimer = runtime.setTimer(() => send(attempt + 1), wait);
    };
    if (call !== undefined) {
      const ask = () => {
        cancelTimer();
        send(1);
      };
      const gone = () => {
        void afterEnd().then(async (outcome) => {
          // Its answer may still be on its way.
          if (outcome.type === "lost") await this.#core.pause(pacing.resend(0));
          end(outcome);
        });
      };
      operation.onEnd(this.#open.add(call.session, { ask, gone }));
    }
    operation.onEnd(() => {
      cancelTimer();
      stopMonitor?.();
      peer.close();
      if (!hasOutcome && call?.isGivenUp()) this.#cancel(node, call);
    });
    try {
      send(0);
    } catch (error) {
      operation.reject(error);
    }
    return operation.promise;
  }

  /**
   * Tells a host that the caller waits no more. Once is enough: if the message is lost, the host learns it from the
   * next call, or from the silence of the caller.
   */
  #cancel(node: string, { session, number }: WatchedCall): void {
    const { birth, sequence, caller } = number();
    const about = { session, birth, sequence, ...(caller !== undefined && { caller }) };
    this.#core.tell(node, encodeSingletonRequest({ type: "cancel", ...about }));
  }

  #channel(host: Life): Channel {
    const { life, clock, runtime } = this.#core;
    return this.#channels.open(host, life, runtime.now(), () => clock.next());
  }
}

function toRequest(
  { pid, token, register, method, args, chain }: CallAttempt,
  channel: Channel,
  sequence: number,
  named: number,
  awaited = true,
): SingletonRequest {
  const numbers = numbersOf(channel, sequence, named);
  const { session } = pid;
  return { type: "call", register, session, token, ...numbers, method, args, chain, awaited };
}

function tooLate(): SynodError {
  return new SynodError("no_quorum", "There was no time left for the call");
}
