import { isChallenge, isObject, MAX_HANDSHAKE_BYTES } from "../auth/handshake.ts";
import type { HandshakeClient } from "../auth/handshake_client.ts";
import { HandshakeError } from "../auth/handshake_error.ts";
import { Backoff, type BackoffTimes } from "../link/backoff.ts";
import type { RequestTimes } from "../link/beat.ts";
import type { FrameQueue } from "../link/frame_queue.ts";
import { writeFrames } from "../link/frame_stream.ts";
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
  readonly url: URL;
  readonly fetch: Fetch;
  readonly times: LinkTimes;
  /** A new handshake for each session. */
  readonly introduce: () => HandshakeClient;
  /** Called with the frames of a response; must not throw. */
  readonly receive: (frames: readonly Uint8Array[]) => void;
  /** Called when the link becomes able, or unable, to send. */
  readonly onChange: () => void;
  /** Called when a session is established. */
  readonly onConnected: () => void;
  /** Called when the other side refuses this node, or this node refuses the other side. */
  readonly onRefused: (reason: string, cause?: unknown) => void;
}

/** Consecutive late requests after which the session is given up: both open requests, twice. */
const MAX_LATE = 4;

/** Redirects are not followed: they would send tokens and frames to an address that is not configured. */
const REDIRECT = "manual";

/** The longest reason of a refusal that is reported, in characters. */
const MAX_REASON = 200;

/** Requests under way to one peer: one that the peer holds, and one with frames. */
const MAX_REQUESTS = 2;

/** The requests to one peer. Introduces this node, and again whenever the session is lost. */
export class HttpLink {
  readonly #options: LinkOptions;
  readonly #backoff: Backoff;
  readonly #requests: Exchange[] = [];
  #session: string | null = null;
  /** Consecutive requests without an answer in time. */
  #late = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Aborts the requests under way when the session is lost. */
  #abort = new AbortController();
  #isWaiting = false;
  #closed = false;

  /** Makes no request before {@linkcode start}. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.times.backoff);
  }

  /** Whether there is a session. */
  get isConnected(): boolean {
    return this.#session !== null;
  }

  /** Whether the link waits before its next attempt after a failure, or is closed. */
  get isWaiting(): boolean {
    return this.#isWaiting || this.#closed;
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
  async start(): Promise<void> {
    this.#isWaiting = false;
    const abort = this.#abort = new AbortController();
    try {
      const session = await this.#introduce(abort.signal);
      if (abort.signal.aborted) return;
      this.#session = session;
    } catch (error) {
      if (abort.signal.aborted) return;
      const refused = error instanceof HandshakeError;
      if (refused || error instanceof TokenError) {
        this.#options.onRefused(error.message, error.cause);
      }
      return this.#lost(refused ? this.#backoff.refused() : this.#backoff.failed());
    }
    this.#late = 0;
    this.#backoff.connected();
    this.#options.onConnected();
    this.#options.onChange();
  }

  /** Makes a request with the waiting frames. Only when {@linkcode canPost}. */
  post(queue: FrameQueue): void {
    const { url, fetch, times } = this.#options;
    // The other side answers the older request now.
    for (const older of this.#requests) older.limit(times.grace);
    const exchange = new Exchange(this.#abort.signal);
    exchange.limit(times.hold + times.grace);
    this.#requests.push(exchange);
    const abort = this.#abort;
    this.#send(fetch, at(url, "frames"), queue, exchange.signal).then(readReply).then((frames) => {
      this.#done(exchange);
      if (abort.signal.aborted) return;
      this.#late = 0;
      this.#options.receive(frames);
      this.#options.onChange();
    }).catch(() => {
      this.#done(exchange);
      if (abort.signal.aborted) return;
      // The connection may be dead, or the other side busy: the session outlives that.
      if (exchange.isLate && ++this.#late < MAX_LATE) this.#options.onChange();
      else this.#lost(this.#backoff.failed());
    });
  }

  /** Sends the waiting frames with the farewell, and ends. */
  async close(queue: FrameQueue): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const farewell = new Exchange();
    farewell.limit(this.#options.times.close);
    try {
      if (this.#session !== null) {
        const { url, fetch } = this.#options;
        const response = await this.#send(fetch, at(url, "farewell"), queue, farewell.signal);
        await response.body?.cancel();
      }
    } catch {
      // The other side ends the session when no more requests come.
    }
    farewell.end();
    this.#session = null;
    this.#abort.abort();
  }

  async #send(
    fetch: Fetch,
    url: string,
    queue: FrameQueue,
    signal: AbortSignal,
  ): Promise<Response> {
    return await fetch(url, {
      method: "POST",
      headers: {
        "authorization": `Bearer ${this.#session}`,
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

  #lost(wait: number): void {
    this.#session = null;
    this.#abort.abort();
    if (this.#closed) return;
    this.#isWaiting = true;
    this.#timer = setTimeout(() => this.start(), wait);
    this.#options.onChange();
  }

  /** The key of a new session. */
  async #introduce(signal: AbortSignal): Promise<string> {
    const handshake = this.#options.introduce();
    let hello;
    try {
      hello = await handshake.hello();
    } catch (error) {
      if (error instanceof HandshakeError) throw error;
      throw new TokenError(`the token function failed: ${error}`, { cause: error });
    }
    const reason = (text: string) => handshake.withoutToken(text).slice(0, MAX_REASON);
    let answer = await this.#ask(hello, reason, signal);
    if (isChallenge(answer)) {
      const proof = await handshake.answer(answer);
      answer = await this.#ask({ nonce: answer.nonce, ...proof }, reason, signal);
    }
    if (!isObject(answer) || typeof answer.session !== "string") {
      throw new Error("the other side violates the handshake");
    }
    await handshake.welcomed(answer);
    return answer.session;
  }

  /** `reason` makes the text of a refusal from the text of the other side. */
  async #ask(
    body: unknown,
    reason: (text: string) => string,
    signal: AbortSignal,
  ): Promise<unknown> {
    const exchange = new Exchange(signal);
    exchange.limit(this.#options.times.grace);
    try {
      const { url, fetch } = this.#options;
      const response = await fetch(at(url, "session"), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        redirect: REDIRECT,
        signal: exchange.signal,
      });
      const bytes = await readBody(response, MAX_HANDSHAKE_BYTES);
      const text = new TextDecoder().decode(bytes ?? undefined);
      if (response.status === 401) throw new HandshakeError(reason(text) || "refused");
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return JSON.parse(text);
    } finally {
      exchange.end();
    }
  }
}

/** The frames in the response to a request. */
async function readReply(response: Response): Promise<Uint8Array[]> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  const frames = await readFrames(response);
  if (frames === null) throw new Error("not a batch of frames");
  return frames;
}

/** The user's `token` function threw. */
class TokenError extends Error {}

/** Timers that a time limit is split into. See {@linkcode Exchange.limit}. */
const SLICES = 4;

/** One request: its time limit, and the signals that abort it. */
class Exchange {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late = false;
  readonly #abort = () => this.#controller.abort();

  constructor(outer?: AbortSignal) {
    this.#outer = outer;
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
   * Aborts the request after `milliseconds` from now. The time is split into slices: a process that was
   * paused reads the answers that have arrived meanwhile between two of them.
   */
  limit(milliseconds: number, slices = SLICES): void {
    clearTimeout(this.#timer);
    if (slices === 0) {
      this.#late = true;
      return this.#abort();
    }
    const rest = () => this.limit(milliseconds, slices - 1);
    this.#timer = setTimeout(rest, milliseconds / SLICES);
  }

  /** Removes the timer and the listener. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#abort);
  }
}

/** The address of `route` below `url`, where the routes of a peer are mounted. */
function at(url: URL, route: string): string {
  return `${url.origin}${url.pathname === "/" ? "" : url.pathname}/${route}${url.search}`;
}
