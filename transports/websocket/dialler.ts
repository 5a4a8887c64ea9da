import { parseHandshake } from "../auth/handshake.ts";
import type { HandshakeClient } from "../auth/handshake_client.ts";
import { HandshakeError } from "../auth/handshake_error.ts";
import type { BackoffTimes } from "../link/backoff.ts";
import { type Attempt, type AttemptEvents, Redialler } from "../link/redialler.ts";
import { NO_REASON, reasonOf } from "../link/reasons.ts";
import { CLOSE } from "./close_codes.ts";
import type { ClientSocketConstructor } from "./options.ts";
import { Socket } from "./socket.ts";
import { UnsaidReason } from "./unsaid_reason.ts";

/** The settings and callbacks of a {@linkcode Dialler}. */
export interface DiallerOptions {
  /** The address for an attempt, or why there is none. */
  readonly address: () => URL | string;
  readonly WebSocket: ClientSocketConstructor;
  readonly backoff: BackoffTimes;
  /** The time limit for an attempt until the handshake is complete, in milliseconds. */
  readonly timeout: number;
  /** A new handshake for each attempt. */
  readonly introduce: () => HandshakeClient;
  /** Whether this node is connected to no peer at present. */
  readonly isAlone: () => boolean;
  /** Called when an attempt begins. */
  readonly onAttempt: () => void;
  /** Called with each new socket, so that the transport can supervise it. */
  readonly onSocket: (socket: Socket) => void;
  /** Called when the handshake is complete; returns the user of the socket. */
  readonly onConnected: (socket: Socket) => SocketUser;
  /** Called when an attempt has failed, or takes so long that another one begins, with the reason for people. */
  readonly onFailed: (why: string) => void;
  /** Called when frames that wait for a connection are of no use any more. */
  readonly onHopeless: () => void;
  /** Called when the other side refuses this node, or this node refuses the other side. */
  readonly onRefused: (reason: string, cause?: unknown) => void;
}

/** The receiver of a socket's messages: `lost` is called once when the socket has ended. */
export interface SocketUser {
  take(data: string | Uint8Array): void;
  lost(): void;
}

/** Connects to one peer, and connects again whenever that ends. */
export class Dialler extends Redialler {
  readonly #unsaid: UnsaidReason;

  /** Makes no attempt before {@linkcode start}. */
  constructor(options: DiallerOptions) {
    const unsaid = new UnsaidReason(options.WebSocket);
    super({
      times: options.backoff,
      begin: (events) => new DialAttempt(options, events, unsaid),
      isAlone: options.isAlone,
      onBegin: options.onAttempt,
      onFailed: options.onFailed,
      onHopeless: options.onHopeless,
    });
    this.#unsaid = unsaid;
  }

  override rest(): void {
    super.rest();
    this.#unsaid.forget();
  }

  override stop(): void {
    super.stop();
    this.#unsaid.forget();
  }
}

/** What an attempt waits for, at each stage. */
const MISSING = {
  begun: "it has not begun",
  made: "there was no answer to the connection",
  open: "the other side has accepted the connection, but says nothing of a node",
} as const;

/** One connection, from its beginning to its end. */
class DialAttempt implements Attempt {
  readonly #options: DiallerOptions;
  readonly #handshake: HandshakeClient;
  readonly #events: AttemptEvents;
  readonly #unsaid: UnsaidReason;
  readonly #timer: ReturnType<typeof setTimeout>;
  #socket: Socket | null = null;
  #user: SocketUser | null = null;
  #ended = false;
  /** What this attempt waits for. */
  #stage: keyof typeof MISSING = "begun";
  /** What the runtime says about the failure of the socket. */
  #failure: string | undefined;

  constructor(options: DiallerOptions, events: AttemptEvents, unsaid: UnsaidReason) {
    this.#options = options;
    this.#events = events;
    this.#unsaid = unsaid;
    this.#handshake = options.introduce();
    this.#timer = setTimeout(() => this.#giveUp(), options.timeout);
    // The dialler does not know this attempt yet, and it may fail at once.
    queueMicrotask(() => this.#begin());
  }

  get missing(): string {
    return MISSING[this.#stage];
  }

  stop(): void {
    this.#end(false, "it is not needed any more");
    this.#socket?.close(CLOSE.goingAway, "this connection is not needed any more");
  }

  #begin(): void {
    if (this.#ended) return;
    const url = this.#options.address();
    if (typeof url === "string") return this.#end(false, url);
    try {
      this.#connect(url, JSON.stringify(this.#handshake.hello()));
    } catch (error) {
      // The runtime does not allow the address.
      this.#options.onRefused(describe(error), error);
      this.#end(false, reasonOf(error));
    }
  }

  #connect(url: URL, hello: string): void {
    const raw = new this.#options.WebSocket(url.href);
    const native = raw as { terminate?: () => void; bufferedAmount?: number };
    const socket = new Socket(
      raw,
      () => native.terminate?.(),
      () => native.bufferedAmount ?? 0,
    );
    this.#socket = socket;
    this.#options.onSocket(socket);
    socket.listen((data) => this.#take(data), (code, reason) => this.#closed(code, reason));
    raw.binaryType = "arraybuffer";
    this.#stage = "made";
    raw.addEventListener("open", () => {
      this.#stage = "open";
      socket.send(hello);
    });
    raw.addEventListener("message", (event) => socket.received(event.data));
    raw.addEventListener("close", (event) => socket.gone(event.code, event.reason));
    raw.addEventListener("error", (event) => {
      // An attempt that is ended on purpose fails, too: there is no reason to look for.
      if (socket.isOpen) this.#failure = this.#failureReason(url, reasonOf(event.error ?? event));
      socket.failed();
    });
  }

  #failureReason(url: URL, said: string): string {
    return said === NO_REASON && this.#stage === "made" ? this.#unsaid.of(url) : said;
  }

  #take(data: string | Uint8Array): void {
    if (this.#user !== null) return this.#user.take(data);
    const message = typeof data === "string" ? parseHandshake(data) : undefined;
    if (typeof message === "object" && message !== null && "welcome" in message) {
      const admitted = this.#handshake.welcomed(message).then(
        () => this.#welcomed(),
        (error) => this.#refuse(error),
      );
      // The first frames may arrive while the proof is verified.
      return this.#socket?.hold(admitted);
    }
    this.#handshake.answer(message).then(
      (proof) => this.#socket?.send(JSON.stringify(proof)),
      (error) => this.#refuse(error),
    );
  }

  #welcomed(): void {
    const socket = this.#socket;
    if (socket === null || this.#ended) return;
    clearTimeout(this.#timer);
    this.#unsaid.forget();
    this.#user = this.#options.onConnected(socket);
    this.#events.connected();
  }

  /** Ends the connection: the other side has failed to prove its identity. */
  #refuse(error: unknown): void {
    if (this.#ended) return;
    this.#socket?.close(CLOSE.unauthorized, `refused: ${describe(error)}`);
  }

  #giveUp(): void {
    if (this.#socket === null) return this.#end(false, `${this.missing} in time`);
    this.#socket.close(CLOSE.timeout, "connecting took too long");
    this.#socket.terminate();
  }

  #closed(code: number, reason: string): void {
    const refused = code === CLOSE.unauthorized;
    if (refused && !this.#ended) {
      this.#options.onRefused(reason || "refused");
    }
    this.#end(refused, this.#failure ?? this.#closeReason(code, reason));
  }

  /** Why the socket was closed: after a handshake the other side says it, before there may be no more than a code. */
  #closeReason(code: number, reason: string): string {
    const said = reason.replace(/[^\x20-\x7e]/g, "?");
    if (this.#user !== null) return `the connection was lost (${said || code})`;
    if (said !== "") return said;
    return this.#stage === "open"
      ? `the other side has closed the connection (${code})`
      : "no WebSocket";
  }

  #end(refused: boolean, why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#user?.lost();
    this.#events.ended(refused, why);
  }
}

function describe(error: unknown): string {
  if (error instanceof HandshakeError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
