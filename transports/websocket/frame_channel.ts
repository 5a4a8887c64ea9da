import { MAX_GUEST_FRAME } from "../../lib/codec/limits.ts";
import { FrameQueue } from "../link/frame_queue.ts";
import { CLOSE } from "./close_codes.ts";
import { Connection, type PieceSize } from "./connection.ts";
import type { Socket } from "./socket.ts";

/** Bytes that may wait to be sent. Frames are not dropped: beyond that the connection ends. */
const MAX_WAITING = 32 * 1024 * 1024;

/** What a {@linkcode FrameChannel} needs. */
export interface FrameChannelOptions {
  readonly pieces: PieceSize;
  /** When the admission of the other side expires, in milliseconds since 1970. */
  readonly until: number;
  /** Called with each frame; must not throw. A promise as its result means what it does for a {@linkcode Connection}. */
  readonly receive: (frame: Uint8Array) => void;
}

/** A connection between a guest and its gateway: frames in order, none of which is dropped while it lasts. */
export class FrameChannel {
  readonly #connection: Connection;
  readonly #queue = new FrameQueue(Infinity);
  #scheduled = false;

  /** Uses an open socket after the handshake. */
  constructor(socket: Socket, options: FrameChannelOptions) {
    this.#connection = new Connection(socket, { ...options, longest: MAX_GUEST_FRAME });
  }

  /** Handles a received message. */
  take(data: string | Uint8Array): void {
    this.#connection.take(data);
    this.#schedule();
  }

  /** Sends a frame, with the others of this turn of the event loop. */
  send(frame: Uint8Array): void {
    if (this.#queue.bytes + frame.length > MAX_WAITING) {
      return this.close(CLOSE.timeout, "the other side does not read");
    }
    this.#queue.push(frame);
    this.#schedule();
  }

  /** Must be called at regular intervals: asks a silent other side for a sign of life. */
  beat(): void {
    this.#connection.beat();
  }

  /** Sends what waits, as far as the window allows, and ends the connection. */
  close(code: number, reason: string): void {
    this.#connection.send(this.#queue);
    this.#connection.close(code, reason);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#connection.send(this.#queue);
      this.#connection.answer();
    });
  }
}

/** The pieces that suit sockets of this class. See {@linkcode PieceSize}. */
export function piecesOf(WebSocket: unknown): PieceSize {
  const isDeno = globalThis.navigator?.userAgent?.startsWith("Deno/") === true;
  return isDeno && WebSocket === globalThis.WebSocket ? "small" : "large";
}
