import type { FrameQueue } from "../link/frame_queue.ts";
import { MAX_SILENT_BEATS } from "../link/beat.ts";
import { FrameReader, writeFrames } from "../link/frame_stream.ts";
import { CLOSE } from "./close_codes.ts";
import { decodeMessage, encodeMessage, MAX_PIECE } from "./message.ts";
import type { Socket } from "./socket.ts";

/** The bytes that may be in flight: sent and not acknowledged. A last piece may exceed it. */
const WINDOW = 1024 * 1024;

/**
 * The size of a piece that Deno sends without a delay, and the size below which data is cut into such
 * pieces, in bytes. See `PieceSize`.
 */
const SMALL_PIECE = 1_000;
const CUT_BELOW = 64 * 1024;

/**
 * The way the stream is cut into messages. `"small"` is for the `WebSocket` of Deno: it writes a message
 * of more than 1,024 bytes in two parts and leaves Nagle's algorithm on. The second part therefore waits
 * until TCP acknowledges the first one, which the receiving system delays by about 44 ms. A message of up
 * to 1,024 bytes is one part. It waits only for the answer to the message before, which is therefore
 * requested at once. Measured on loopback: 4 KiB took 44 ms as one message and 0.1 ms in pieces; 60 KiB
 * took 44 ms and 0.7 ms. From 64 KiB on one message is faster.
 */
export type PieceSize = "small" | "large";

/**
 * A WebSocket between two authenticated nodes.
 *
 * Each message with a piece is acknowledged: by the messages of the other direction or, after a quarter of
 * the window, by a message without a piece. The bytes without an acknowledgement are limited (`WINDOW`).
 * This bounds the buffers of the runtime, the system and any proxy, in all runtimes. `bufferedAmount`
 * covers only the first of these, and not every runtime has it.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #pieces: PieceSize;
  readonly #receive: (frame: Uint8Array) => void;
  /** When the admission of the other side expires, in milliseconds since 1970. */
  readonly #until: number;
  readonly #reader = new FrameReader();
  /** The bytes that were taken from the queue and are not sent yet. */
  #rest: Uint8Array = new Uint8Array(0);
  /** The sizes of the pieces in flight, the oldest first. */
  readonly #onTheWay: number[] = [];
  #bytesOnTheWay = 0;
  /** The number of sent pieces that are acknowledged, modulo 2^32. */
  #acknowledged = 0;
  /** The number of received pieces, modulo 2^32. */
  #received = 0;
  /** The received bytes that are not acknowledged yet. */
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

  /** Handles a received message. A malformed one ends the connection. */
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

  /** Sends the waiting frames, as far as the window allows. */
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

  /** Sends an acknowledgement, if one is due and no message has carried it since. */
  answer(): void {
    if (this.#answerDue) this.#write(NOTHING, false);
  }

  /**
   * Must be called at regular intervals. Asks the other side for an answer if no message has come since
   * the last beat. The intervals of the two sides may differ. No question is sent while frames flow.
   */
  beat(): void {
    if (this.#ended()) return;
    // Counts beats instead of time: a process that was paused reads the messages of the other side first.
    if (++this.#silentBeats > MAX_SILENT_BEATS) {
      this.#socket.leave(CLOSE.timeout, "no message for too long");
      this.#socket.terminate();
      return;
    }
    if (this.#silentBeats > 1) this.#write(NOTHING, true);
  }

  /** Ends the connection. */
  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Ends the connection when the token that it was opened with has expired; returns whether it has. */
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

  /** Returns false if the other side acknowledges pieces that were never sent. */
  #confirm(acknowledged: number): boolean {
    const count = (acknowledged - this.#acknowledged) >>> 0;
    if (count > this.#onTheWay.length) return false;
    for (const bytes of this.#onTheWay.splice(0, count)) this.#bytesOnTheWay -= bytes;
    this.#acknowledged = acknowledged;
    return true;
  }
}

const NOTHING = new Uint8Array(0);
