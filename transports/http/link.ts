import { isChallenge, isObject, MAX_HANDSHAKE_BYTES } from "../auth/handshake.ts";
import type { HandshakeClient } from "../auth/handshake_client.ts";
import { HandshakeError } from "../auth/handshake_error.ts";
import type { BackoffTimes } from "../link/backoff.ts";
import type { RequestTimes } from "../link/beat.ts";
import type { FrameQueue } from "../link/frame_queue.ts";
import { writeFrames } from "../link/frame_stream.ts";
import { reasonOf, statusReason } from "../link/reasons.ts";
import { type Attempt, type AttemptEvents, Redialler } from "../link/redialler.ts";
import { FRAMES_TYPE, HOLD_HEADER, MAX_BATCH, readFrames } from "./batch.ts";
import { readBody } from "./body.ts";
import type { Fetch } from "./options.ts";

/** Times of a link, in milliseconds. */
export interface LinkTimes extends RequestTimes {
  readonly backoff: BackoffTimes;
  /** The time limit of the farewell request. */
  readonly close: number;
}

/** The settings and callbacks of a {@linkcode HttpLink}. */
export interface LinkOptions {
  /** The address for a new session, or why there is none. */
  readonly address: () => URL | string;
  readonly fetch: Fetch;
  readonly times: LinkTimes;
  /** A new handshake for each session. */
  readonly introduce: () => HandshakeClient;
  /** Called with the frames of a response; must not throw. */
  readonly receive: (frames: readonly Uint8Array[]) => void;
  /** Whether this node is connected to no peer at present. */
  readonly isAlone: () => boolean;
  /** Called when the link becomes able, or unable, to send. */
  readonly onChange: () => void;
  /** Called when an attempt has failed, or takes long, with the reason for people. */
  readonly onFailed: (why: string) => void;
  /** Called when frames that wait for the session are of no use any more. */
  readonly onHopeless: () => void;
  /** Called when a session is established. */
  readonly onConnected: () => void;
  /** Called when the other side refuses this node, or this node refuses the other side. */
  readonly onRefused: (reason: string, cause?: unknown) => void;
}

/** Consecutive late requests after which the session is given up: both open requests, twice. */
const MAX_LATE = 4;

/** Redirects are not followed: they would send proofs and frames to an address that is not configured. */
const REDIRECT = "manual";

/** The longest reason of a refusal that is reported, in characters. */
const MAX_REASON = 200;

/** Requests under way to one peer: one that the peer holds, and one with frames. */
const MAX_REQUESTS = 2;

/** A session: its key, and the address where it was opened. */
interface Session {
  readonly key: string;
  readonly url: URL;
}

/** The requests to one peer. Introduces this node, and again whenever the session is lost. */
export class HttpLink {
  readonly #options: LinkOptions;
  readonly #redialler: Redialler;
  #requests: Exchange[] = [];
  #session: Session | null = null;
  /** Must be called when the session is lost. */
  #ended: (why: string) => void = () => {};
  /** Consecutive requests without an answer in time. */
  #late = 0;
  /** Aborts the requests under way when the session is lost. */
  #abort = new AbortController();
  /** Whether an attempt is under way that does not take long yet. */
  #isHopeful = false;
  #closed = false;

  /** Makes no request before {@linkcode start}. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#redialler = new Redialler({
      times: options.times.backoff,
      begin: (events) => this.#begin(events),
      isAlone: options.isAlone,
      onBegin: () => this.#isHopeful = true,
      onFailed: options.onFailed,
      onHopeless: () => {
        this.#isHopeful = false;
        options.onHopeless();
      },
    });
  }

  /** Whether there is a session. */
  get isConnected(): boolean {
    return this.#session !== null;
  }

  /** Whether frames cannot be sent soon: the link waits before its next attempt, or is closed. */
  get isWaiting(): boolean {
    return this.#closed || (this.#session === null && !this.#isHopeful);
  }

  /** Whether the peer has no request to answer, so one must be made even without frames. */
  get mustPost(): boolean {
    return this.#session !== null && this.#requests.length === 0;
  }

  /** Whether another request can be made now. */
  get canPost(): boolean {
    return this.#session !== null && this.#requests.length < MAX_REQUESTS;
  }

  /** Introduces this node to the peer. */
  start(): void {
    this.#redialler.start();
  }

  /** Makes no more sessions; the present one goes on. */
  rest(): void {
    this.#redialler.rest();
  }

  /** Makes a session again, if there is none. */
  resume(): void {
    this.#redialler.resume();
  }

  /** See {@linkcode Redialler.hint}. */
  hint(accepted = false): void {
    this.#redialler.hint(accepted);
  }

  /** The connections may be dead: makes another session beside the present one. */
  suspect(): void {
    this.#redialler.suspect();
  }

  #begin(events: AttemptEvents): Attempt {
    const abort = new AbortController();
    this.#introduce(abort.signal).then((session) => {
      if (!abort.signal.aborted) this.#use(session, abort, events);
    }, (error) => {
      if (abort.signal.aborted) return;
      const refused = error instanceof HandshakeError;
      if (refused) this.#options.onRefused(error.message, error.cause);
      events.ended(refused, reasonFor(error));
    });
    return {
      missing: "there was no answer",
      stop: () => {
        abort.abort();
        if (this.#abort === abort) this.#session = null;
      },
    };
  }

  #use(session: Session, abort: AbortController, events: AttemptEvents): void {
    this.#session = session;
    this.#abort = abort;
    this.#ended = (why) => events.ended(false, why);
    // Those of a former session; they are aborted now.
    this.#requests = [];
    this.#late = 0;
    events.connected();
    this.#options.onConnected();
    this.#options.onChange();
  }

  /** Makes a request with the waiting frames. Only when {@linkcode canPost}. */
  post(queue: FrameQueue): void {
    const session = this.#session!;
    const { times } = this.#options;
    // The other side answers the older request now.
    for (const older of this.#requests) older.limit(times.grace, times.overdue);
    const exchange = new Exchange(this.#abort.signal, () => this.#redialler.suspect());
    exchange.limit(times.hold + times.grace, times.hold + times.overdue);
    this.#requests.push(exchange);
    const abort = this.#abort;
    this.#send(session, "frames", queue, exchange.signal).then(readReply).then((frames) => {
      this.#done(exchange);
      if (abort.signal.aborted) return;
      this.#late = 0;
      this.#redialler.trust();
      this.#options.receive(frames);
      this.#options.onChange();
    }).catch((error) => {
      this.#done(exchange);
      if (abort.signal.aborted) return;
      // The connection may be dead, or the other side busy: the session outlives that.
      if (exchange.isLate && ++this.#late < MAX_LATE) this.#options.onChange();
      else this.#lost(exchange.isLate ? "requests are not answered" : reasonFor(error));
    });
  }

  /** Sends the waiting frames with the farewell, and ends. */
  async close(queue: FrameQueue): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Another session would outlive the farewell of this one.
    this.#redialler.rest();
    const farewell = new Exchange();
    farewell.limit(this.#options.times.close);
    try {
      if (this.#session !== null) {
        const response = await this.#send(this.#session, "farewell", queue, farewell.signal);
        await response.body?.cancel();
      }
    } catch {
      // The other side ends the session when no more requests come.
    }
    farewell.end();
    this.#redialler.stop();
    this.#session = null;
    this.#abort.abort();
  }

  async #send(
    { key, url }: Session,
    route: string,
    queue: FrameQueue,
    signal: AbortSignal,
  ): Promise<Response> {
    const { fetch } = this.#options;
    return await fetch(at(url, route), {
      method: "POST",
      headers: {
        "authorization": `Bearer ${key}`,
        "content-type": FRAMES_TYPE,
        [HOLD_HEADER]: `${Math.ceil(this.#options.times.hold)}`,
      },
      body: writeFrames(queue.take(MAX_BATCH)),
      redirect: REDIRECT,
      signal,
    });
  }

  #done(exchange: Exchange): void {
    exchange.end();
    const index = this.#requests.indexOf(exchange);
    if (index >= 0) this.#requests.splice(index, 1);
  }

  #lost(why: string): void {
    this.#session = null;
    this.#abort.abort();
    if (this.#closed) return;
    this.#ended(why);
    this.#options.onChange();
  }

  /** Opens a new session. */
  async #introduce(signal: AbortSignal): Promise<Session> {
    const url = this.#options.address();
    if (typeof url === "string") throw new AnswerError(url);
    const handshake = this.#options.introduce();
    let answer = await this.#ask(url, handshake.hello(), signal);
    if (isChallenge(answer)) {
      const proof = await handshake.answer(answer);
      answer = await this.#ask(url, { nonce: answer.nonce, ...proof }, signal);
    }
    if (!isObject(answer) || typeof answer.session !== "string") {
      throw new AnswerError("the answer is not of a node");
    }
    await handshake.welcomed(answer);
    return { key: answer.session, url };
  }

  async #ask(url: URL, body: unknown, signal: AbortSignal): Promise<unknown> {
    const exchange = new Exchange(signal);
    exchange.limit(this.#options.times.grace);
    try {
      const { fetch } = this.#options;
      const response = await fetch(at(url, "session"), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        redirect: REDIRECT,
        signal: exchange.signal,
      });
      const bytes = await readBody(response, MAX_HANDSHAKE_BYTES);
      const text = new TextDecoder().decode(bytes ?? undefined);
      if (response.status === 401) throw new HandshakeError(text.slice(0, MAX_REASON) || "refused");
      const type = response.headers.get("content-type") ?? "";
      if (response.status !== 200) throw new AnswerError(statusReason(response.status));
      try {
        return JSON.parse(text);
      } catch {
        throw new AnswerError(statusReason(response.status, type));
      }
    } finally {
      exchange.end();
    }
  }
}

/** The frames in the response to a request. */
async function readReply(response: Response): Promise<Uint8Array[]> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new AnswerError(statusReason(response.status));
  }
  const frames = await readFrames(response);
  if (frames === null) throw new AnswerError("the answer is not of a node");
  return frames;
}

/** There is no address, or an answer that no node gives; the message is for people. */
class AnswerError extends Error {}

/** Why a request has failed, for people. */
function reasonFor(error: unknown): string {
  const isOwn = error instanceof HandshakeError || error instanceof AnswerError;
  return isOwn ? error.message : reasonOf(error);
}

/** Timers that a time limit is split into. See {@linkcode Exchange.limit}. */
const SLICES = 4;

/** One request: its time limit, and the signals that abort it. */
class Exchange {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onOverdue: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #overdue: ReturnType<typeof setTimeout> | undefined;
  #late = false;
  readonly #abort = () => this.#controller.abort();

  /** `onOverdue` is called when an answer should have come; the request still waits for it. */
  constructor(outer?: AbortSignal, onOverdue: () => void = () => {}) {
    this.#outer = outer;
    this.#onOverdue = onOverdue;
    if (outer?.aborted) this.#abort();
    outer?.addEventListener("abort", this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether its time limit has passed. */
  get isLate(): boolean {
    return this.#late;
  }

  /**
   * Aborts the request after `milliseconds` from now; it is overdue after `overdue` milliseconds, if given. The time
   * is split into slices: a process that was paused reads the answers that have arrived meanwhile between two of them.
   */
  limit(milliseconds: number, overdue?: number): void {
    clearTimeout(this.#overdue);
    if (overdue !== undefined) this.#overdue = setTimeout(() => this.#onOverdue(), overdue);
    this.#slice(milliseconds, SLICES);
  }

  #slice(milliseconds: number, slices: number): void {
    clearTimeout(this.#timer);
    if (slices === 0) {
      this.#late = true;
      return this.#abort();
    }
    const rest = () => this.#slice(milliseconds, slices - 1);
    this.#timer = setTimeout(rest, milliseconds / SLICES);
  }

  /** Removes the timers and the listener. */
  end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#overdue);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}

/** The address of `route` below `url`, where the routes of a peer are mounted. */
function at(url: URL, route: string): string {
  return `${url.origin}${url.pathname === "/" ? "" : url.pathname}/${route}${url.search}`;
}
