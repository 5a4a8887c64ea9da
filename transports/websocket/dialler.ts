import { parseHandshake } from "../auth/handshake.ts";
import type { HandshakeClient } from "../auth/handshake_client.ts";
import { HandshakeError } from "../auth/handshake_error.ts";
import { Backoff, type BackoffTimes } from "../link/backoff.ts";
import { CLOSE } from "./close_codes.ts";
import type { ClientSocketConstructor } from "./options.ts";
import { Socket } from "./socket.ts";

/** The settings and callbacks of a {@linkcode Dialler}. */
export interface DiallerOptions {
  readonly url: URL;
  readonly WebSocket: ClientSocketConstructor;
  readonly backoff: BackoffTimes;
  /** The time limit for an attempt until the handshake is complete, in milliseconds. */
  readonly timeout: number;
  /** A new handshake for each attempt. */
  readonly introduce: () => HandshakeClient;
  /** Called when an attempt begins. */
  readonly onAttempt: () => void;
  /** Called with each new socket, so that the transport can supervise it. */
  readonly onSocket: (socket: Socket) => void;
  /** Called when the handshake is complete; returns the user of the socket. */
  readonly onConnected: (socket: Socket) => SocketUser;
  /** Called when an attempt fails. */
  readonly onFailed: () => void;
  /** Called when the other side refuses this node, or this node refuses the other side. */
  readonly onRefused: (reason: string, cause?: unknown) => void;
}

/** The receiver of a socket's messages: `lost` is called once when the socket has ended. */
export interface SocketUser {
  take(data: string | Uint8Array): void;
  lost(): void;
}

/** Connects to one peer, and connects again whenever that ends. */
export class Dialler {
  readonly #options: DiallerOptions;
  readonly #backoff: Backoff;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt: DialAttempt | null = null;
  #stopped = false;

  /** Makes no attempt before {@linkcode start}. */
  constructor(options: DiallerOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff);
  }

  /** Makes an attempt, and another one after each end. */
  start(): void {
    if (this.#stopped) return;
    this.#options.onAttempt();
    this.#attempt = new DialAttempt(this.#options, this.#backoff, (refused) => {
      this.#attempt = null;
      if (this.#stopped) return;
      const wait = refused ? this.#backoff.refused() : this.#backoff.failed();
      this.#timer = setTimeout(() => this.start(), wait);
    });
  }

  /** Ends the current attempt or connection, and makes no more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#attempt?.stop();
  }
}

/** One connection, from its beginning to its end. */
class DialAttempt {
  readonly #options: DiallerOptions;
  readonly #handshake: HandshakeClient;
  readonly #onEnd: (refused: boolean) => void;
  readonly #backoff: Backoff;
  readonly #timer: ReturnType<typeof setTimeout>;
  #socket: Socket | null = null;
  #user: SocketUser | null = null;
  #ended = false;

  constructor(options: DiallerOptions, backoff: Backoff, onEnd: (refused: boolean) => void) {
    this.#options = options;
    this.#backoff = backoff;
    this.#onEnd = onEnd;
    this.#handshake = options.introduce();
    this.#timer = setTimeout(() => this.#giveUp(), options.timeout);
    this.#begin();
  }

  stop(): void {
    this.#end(false);
    this.#socket?.close(CLOSE.goingAway, "the node has closed");
  }

  async #begin(): Promise<void> {
    try {
      const hello = await this.#handshake.hello();
      if (!this.#ended) this.#connect(JSON.stringify(hello));
    } catch (error) {
      // The `token` function of the user failed, or the runtime does not allow the address.
      if (!this.#ended) this.#options.onRefused(describe(error), error);
      this.#end(error instanceof HandshakeError);
    }
  }

  #connect(hello: string): void {
    const raw = new this.#options.WebSocket(this.#options.url.href);
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
    raw.addEventListener("open", () => socket.send(hello));
    raw.addEventListener("message", (event) => socket.received(event.data));
    raw.addEventListener("close", (event) => socket.gone(event.code, event.reason));
    raw.addEventListener("error", () => socket.failed());
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
    this.#backoff.connected();
    this.#user = this.#options.onConnected(socket);
  }

  /** Ends the connection: the other side has failed to prove its identity. */
  #refuse(error: unknown): void {
    if (this.#ended) return;
    this.#socket?.close(CLOSE.unauthorized, `refused: ${describe(error)}`);
  }

  #giveUp(): void {
    if (this.#socket === null) return this.#end(false);
    this.#socket.close(CLOSE.timeout, "connecting took too long");
    this.#socket.terminate();
  }

  #closed(code: number, reason: string): void {
    const refused = code === CLOSE.unauthorized;
    if (refused && !this.#ended) {
      this.#options.onRefused(this.#handshake.withoutToken(reason) || "refused");
    }
    this.#end(refused);
  }

  #end(refused: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    if (this.#user === null) this.#options.onFailed();
    else this.#user.lost();
    this.#onEnd(refused);
  }
}

function describe(error: unknown): string {
  if (error instanceof HandshakeError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
