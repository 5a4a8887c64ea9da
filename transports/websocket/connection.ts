import type { FrameQueue } from "../link/frame_queue.ts";
import { PATIENCE } from "../link/beat.ts";
import { FrameReader, writeFrames } from "../link/frame_stream.ts";
import { CLOSE } from "./close_codes.ts";
import { decodeMessage, encodeMessage, MAX_PIECE } from "./message.ts";
import type { Socket } from "./socket.ts";

/** How many bytes may be on their way: sent, and not acknowledged. */
const WINDOW = 1024 * 1024;

/** A piece that Deno sends without a delay, and how much is cut into such pieces. See `PieceSize`. */
const SMALL_PIECE = 1_000;
const CUT_BELOW = 64 * 1024;

/**
 * How the stream is cut into messages. `"small"` is for the `WebSocket` of Deno: it writes a message of
 * more than 1,024 bytes in two parts, and leaves Nagle's algorithm on, so the second part waits until
 * the first is acknowledged by TCP, which the receiving system puts off for about 44 ms. Up to 1,024
 * bytes there is one part; and it waits only for the answer to the one before, which therefore is asked
 * for at once. Measured on loopback, the 4 KiB of a message took 44 ms whole and 0.1 ms in pieces, 60
 * KiB took 44 and 0.7 ms. From 64 KiB on a whole message is faster.
 */
export type PieceSize = "small" | "large";

/**
 * A WebSocket between two nodes that know each other.
 *
 * Each message is acknowledged, by the messages that go the other way or, when enough have come, by one
 * of its own, and only so many bytes are on their way without. That bounds what waits in buffers, the
 * runtime's, the system's and any proxy's, in every runtime alike: `bufferedAmount` would tell about the
 * first of them, and not in every runtime.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #pieces: PieceSize;
  readonly #receive: (frame: Uint8Array) => void;
  /** Until when the other side is trusted, in milliseconds since 1970. */
  readonly #until: number;
  readonly #reader = new FrameReader();
  /** What was taken from the queue and is not sent yet. */
  #rest: Uint8Array = new Uint8Array(0);
  /** The sizes of the pieces that were sent and not acknowledged. */
  readonly #onTheWay: number[] = [];
  #bytesOnTheWay = 0;
  /** How many of the own pieces were acknowledged, modulo 2^32. */
  #acknowledged = 0;
  /** How many pieces were received, modulo 2^32. */
  #received = 0;
  /** How many bytes were received that are not acknowledged. */
  #unacknowledged = 0;
  #answerDue = false;
  #silentBeats = 0;

  /** `receive` is called with each frame and must not throw. */
  constructor(
    socket: Socket,
    options: { pieces: PieceSize; until: number; receive: (frame: Uint8Array) => void },
  ) {
    this.#socket = socket;
    this.#pieces = options.pieces;
    this.#until = options.until;
    this.#receive = options.receive;
  }

  /** Whether anything can be sent. */
  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  /** Takes a message. What is none ends the connection. */
  take(data: string | Uint8Array): void {
    this.#silentBeats = 0;
    if (this.#ended()) return;
    const message = typeof data === "string" ? null : decodeMessage(data);
    if (message === null || !this.#confirm(message.acknowledged)) {
      return this.#socket.close(CLOSE.malformed, "not a message between nodes");
    }
    if (message.answerNow) this.#answerDue = true;
    if (message.piece.length === 0) return;
    this.#received = (this.#received + 1) >>> 0;
    this.#unacknowledged += message.piece.length;
    if (this.#unacknowledged >= WINDOW / 4) this.#answerDue = true;
    const frames = this.#reader.read(message.piece);
    if (frames === null) return this.#socket.close(CLOSE.malformed, "a frame that is too long");
    for (const frame of frames) {
      if (this.#socket.isOpen) this.#receive(frame);
    }
  }

  /** Sends as much of what waits as may be on its way. */
  send(queue: FrameQueue): void {
    if (this.#ended()) return;
    while (this.#bytesOnTheWay < WINDOW) {
      if (this.#rest.length === 0) {
        if (queue.isEmpty) return;
        this.#rest = writeFrames(queue.take(MAX_PIECE));
      }
      const small = this.#pieces === "small" && this.#rest.length < CUT_BELOW;
      const piece = this.#rest.subarray(0, small ? SMALL_PIECE : MAX_PIECE);
      this.#rest = this.#rest.subarray(piece.length);
      this.#onTheWay.push(piece.length);
      this.#bytesOnTheWay += piece.length;
      this.#write(piece, small);
    }
  }

  /** Answers the other side, if it waits for that and was sent nothing since. */
  answer(): void {
    if (this.#answerDue) this.#write(NOTHING, false);
  }

  /**
   * Called in regular intervals: asks the other side for a word if none came since the last time. The two
   * sides need not agree on the interval, and where frames flow nothing is asked.
   */
  beat(): void {
    if (this.#ended()) return;
    // Counted, not measured: a process that was paused itself finds the other side's words first.
    if (++this.#silentBeats > PATIENCE) {
      this.close(CLOSE.timeout, "nothing was heard for too long");
      this.#socket.terminate();
      return;
    }
    if (this.#silentBeats > 1) this.#write(NOTHING, true);
  }

  /** Ends the connection. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Ends the connection with the token that it was opened with. */
  #ended(): boolean {
    if (Date.now() < this.#until) return false;
    this.close(CLOSE.timeout, "the token has expired");
    return true;
  }

  #write(piece: Uint8Array, answerNow: boolean): void {
    this.#answerDue = false;
    this.#unacknowledged = 0;
    this.#socket.send(encodeMessage({ answerNow, acknowledged: this.#received, piece }));
  }

  /** False if the other side acknowledges what was never sent. */
  #confirm(acknowledged: number): boolean {
    const count = (acknowledged - this.#acknowledged) >>> 0;
    if (count > this.#onTheWay.length) return false;
    for (const bytes of this.#onTheWay.splice(0, count)) this.#bytesOnTheWay -= bytes;
    this.#acknowledged = acknowledged;
    return true;
  }
}

const NOTHING = new Uint8Array(0);
