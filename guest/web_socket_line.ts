import type { Runtime } from "../lib/node/runtime/runtime.ts";
import { VERSION } from "../transports/auth/version.ts";
import type { GuestIdentity, Line, LineEnd, LineUser } from "../transports/guest_line.ts";
import { reasonOf } from "../transports/link/reasons.ts";
import { CLOSE } from "../transports/websocket/close_codes.ts";
import { FrameChannel, piecesOf } from "../transports/websocket/frame_channel.ts";
import { Socket } from "../transports/websocket/socket.ts";
import type { Proof } from "./proof.ts";

/** The part of a `WebSocket` that a guest uses. */
export interface ClientSocket {
  /** The guest sets it to `"arraybuffer"`. */
  binaryType: string;
  /** Sends one message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
  /** Adds a listener for `open`, `message`, `close` or `error`. */
  // deno-lint-ignore no-explicit-any -- the events of the Web and of `ws` have nothing in common
  addEventListener(type: any, listener: (event: any) => void): void;
}

/** The class `WebSocket`, or a compatible one. */
export type ClientSocketConstructor = new (url: string) => ClientSocket;

/** What a {@linkcode webSocketLine} needs. */
export interface WebSocketLineParts {
  readonly proof: Proof;
  readonly runtime: Runtime;
  readonly WebSocket: ClientSocketConstructor;
}

/** Time after which a socket that does not close is dropped, in milliseconds. */
const CLOSING_TIME = 1_000;

const KINDS = new Map<number, LineEnd["kind"]>([
  [CLOSE.unauthorized, "unauthorized"],
  [CLOSE.replaced, "replaced"],
  [CLOSE.tryLater, "full"],
]);

/** Connects to a server by WebSocket. */
export function webSocketLine(
  server: string,
  guest: GuestIdentity,
  user: LineUser,
  parts: WebSocketLineParts,
): Line {
  return new WebSocketLine(server, guest, user, parts);
}

class WebSocketLine implements Line {
  readonly #user: LineUser;
  readonly #parts: WebSocketLineParts;
  #socket: Socket | undefined;
  #channel: FrameChannel | undefined;
  #ended = false;
  /** What the runtime says about the failure of the socket. */
  #failure: string | undefined;

  constructor(
    server: string,
    guest: GuestIdentity,
    user: LineUser,
    parts: WebSocketLineParts,
  ) {
    this.#user = user;
    this.#parts = parts;
    this.#begin(server, guest);
  }

  send(frame: Uint8Array): void {
    this.#channel?.send(frame);
  }

  expect(): void {
    // The gateway sends what it has at once.
  }

  close(farewell?: Uint8Array): void {
    if (this.#ended) return;
    this.#ended = true;
    if (farewell !== undefined) this.#channel?.send(farewell);
    const closing = this.#channel ?? this.#socket;
    closing?.close(CLOSE.goingAway, "the guest has turned away");
  }

  async #begin(server: string, { id, life }: GuestIdentity): Promise<void> {
    const { proof } = this.#parts;
    let token: string | undefined;
    try {
      token = await proof.token(id, true);
    } catch (error) {
      const reason = `the token function failed: ${error}`;
      return this.#end({ kind: "unauthorized", reason, cause: error });
    }
    if (this.#ended) return;
    const hello = { synod: VERSION, cluster: proof.cluster, guest: id, life, token };
    try {
      this.#connect(server, JSON.stringify(hello));
    } catch (error) {
      // The runtime does not allow the address.
      this.#end({ kind: "lost", reason: reasonOf(error), cause: error });
    }
  }

  #connect(server: string, hello: string): void {
    const { proof, WebSocket, runtime } = this.#parts;
    const raw = new WebSocket(server);
    const native = raw as { terminate?: () => void; bufferedAmount?: number };
    const socket = new Socket(
      raw,
      () => native.terminate?.(),
      () => native.bufferedAmount ?? 0,
    );
    let cancel = () => {};
    socket.onGone = () => cancel();
    this.#socket = socket;
    socket.listen((data) => this.#take(data), (code, reason) => {
      // Some servers never answer the closing handshake.
      cancel = runtime.setTimer(() => socket.terminate(), CLOSING_TIME);
      const said = this.#failure ?? (proof.hide(reason) || `close code ${code}`);
      this.#end({ kind: KINDS.get(code) ?? "lost", reason: said });
    });
    raw.binaryType = "arraybuffer";
    raw.addEventListener("open", () => socket.send(hello));
    raw.addEventListener("message", (event) => socket.received(event.data));
    raw.addEventListener("close", (event) => {
      socket.gone(event.code, event.reason);
      cancel();
    });
    raw.addEventListener("error", (event) => {
      this.#failure = reasonOf(event.error ?? event);
      socket.failed();
    });
  }

  #take(data: string | Uint8Array): void {
    if (this.#channel !== undefined) return this.#channel.take(data);
    const socket = this.#socket!;
    if (typeof data !== "string" || !isWelcome(data)) {
      return socket.close(CLOSE.malformed, "that is no part of the handshake");
    }
    this.#channel = new FrameChannel(socket, {
      pieces: piecesOf(this.#parts.WebSocket),
      until: Infinity,
      receive: (frame) => {
        if (!this.#ended) this.#user.received(frame);
      },
    });
    this.#user.opened();
  }

  #end(end: LineEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#user.ended(end);
  }
}

function isWelcome(text: string): boolean {
  try {
    return JSON.parse(text)?.welcome === true;
  } catch {
    return false;
  }
}
