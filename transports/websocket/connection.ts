import type { FrameQueue } from "../link/frame_queue.ts";
import { MAX_SILENT_BEATS } from "../link/beat.ts";
import { FrameReader, writeFrames } from "../link/frame_stream.ts";
import { CLOSE } from "./close_codes.ts";
import { decodeMessage, HEADER_BYTES, MAX_PIECE, withHeader, withRoom } from "./message.ts";
import type { Socket } from "./socket.ts";

/** The bytes that may be in flight: sent and not acknowledged. A last piece may exceed it. */
const WINDOW = 1024 * 1024;

/** The bytes that the other side can have in flight at most, if it respects the window. */
const MAX_IN_FLIGHT = WINDOW + MAX_PIECE;

/**
 * Looks without a message after something was sent: after the first the other side is asked for an answer, after
 * the second it counts as silent. It may only be busy, so it keeps the connection until it has missed its beats.
 */
const LOOKS_UNTIL_QUESTION = 2;
const LOOKS_UNTIL_SILENT = 4;

/** The most messages in a second that only ask for an answer: a correct peer asks a few times. */
const MAX_QUESTIONS = 1_000;

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

/** What a {@linkcode Connection} needs. */
export interface ConnectionOptions {
  readonly pieces: PieceSize;
  /** When the admission of the other side expires, in milliseconds since 1970. */
  readonly until: number;
  /**
   * Called with each frame; must not throw. A promise says that the receiver is behind until it resolves; it must not
   * reject.
   */
  readonly receive: (frame: Uint8Array) => void | Promise<void>;
  /** The longest frame, in bytes. Default: that of nodes. */
  readonly longest?: number;
  /** Called when the other side falls silent, and when it breaks its silence. */
  readonly onSilence?: ((isSilent: boolean) => void) | undefined;
}

/**
 * A WebSocket between two authenticated nodes.
 *
 * Each message with a piece is acknowledged: by the messages of the other direction or, after a quarter of
 * the window, by a message without a piece. The bytes without an acknowledgement are limited (`WINDOW`). While the
 * receiver is behind nothing is acknowledged, so that the other side stops to send.
 * This bounds the buffers of the runtime, the system and any proxy, in all runtimes. `bufferedAmount`
 * covers only the first of these, and not every runtime has it.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #pieces: PieceSize;
  readonly #receive: (frame: Uint8Array) => void | Promise<void>;
  /** When the admission of the other side expires, in milliseconds since 1970. */
  readonly #until: number;
  readonly #onSilence: (isSilent: boolean) => void;
  readonly #reader: FrameReader;
  /** The bytes that were taken from the queue and are not sent yet. */
  #rest: Uint8Array = new Uint8Array(0);
  /** The sizes of the pieces in flight, the oldest first. */
  readonly #onTheWay: number[] = [];
  #bytesOnTheWay = 0;
  /** The number of sent pieces that are acknowledged, modulo 2^32. */
  #acknowledged = 0;
  /** The number of received pieces that may be acknowledged, modulo 2^32. */
  #received = 0;
  /** The received bytes that are not acknowledged yet, though they may be. */
  #unacknowledged = 0;
  /** The pieces, and their bytes, that are not acknowledged because the receiver is behind. */
  #withheld = 0;
  #bytesWithheld = 0;
  /** Whether the receiver has not handled yet what it has. */
  #isBehind = false;
  #answerDue = false;
  /** The messages that only asked for an answer, in the second in which the latest came. */
  #questions = 0;
  #second = 0;
  #silentBeats = 0;
  /** Whether something was sent since the last message. */
  #isExpecting = false;
  #silentLooks = 0;
  #isSilent = false;

  /** Uses an open socket after the handshake. */
  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#pieces = options.pieces;
    this.#until = options.until;
    this.#reader = new FrameReader(options.longest);
    this.#receive = options.receive;
    this.#onSilence = options.onSilence ?? (() => {});
  }

  /** Whether the other side has not answered for a while. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Handles a received message. A malformed one ends the connection. */
  take(data: string | Uint8Array): void {
    this.#silentBeats = this.#silentLooks = 0;
    this.#isExpecting = false;
    if (this.#isSilent) this.#setSilent(false);
    if (this.#ended()) return;
    const message = typeof data === "string" ? null : decodeMessage(data);
    if (message === null || !this.#confirm(message.acknowledged)) {
      return this.#socket.close(CLOSE.malformed, "a message that cannot be read");
    }
    const { answerNow, piece } = message;
    this.#answerDue ||= answerNow;
    if (piece.length === 0) {
      const second = Math.floor(Date.now() / 1_000);
      if (second !== this.#second) this.#questions = 0;
      this.#second = second;
      if (answerNow && ++this.#questions > MAX_QUESTIONS) {
        this.#socket.close(CLOSE.malformed, "too much at once");
      }
      return;
    }
    this.#withheld++;
    this.#bytesWithheld += piece.length;
    if (this.#bytesWithheld + this.#unacknowledged > MAX_IN_FLIGHT) {
      return this.#socket.close(CLOSE.malformed, "too much at once");
    }
    if (this.#isBehind) return this.#reader.hold(piece);
    this.#deliver(piece);
    if (!this.#isBehind) this.#release();
  }

  /**
   * Hands on frames: those that `piece` completes, or the next ones that the reader holds; returns their number. If the
   * receiver is behind then, nothing more is read or acknowledged until it is not: to read takes time that others need,
   * and without an acknowledgement the other side waits, too.
   */
  #deliver(piece?: Uint8Array): number {
    const frames = this.#reader.read(piece);
    if (frames === null) {
      this.#socket.close(CLOSE.malformed, "a message that cannot be read");
      return 0;
    }
    let behind: Promise<void> | undefined;
    for (const frame of frames) {
      // What came before the connection ended counts, also where it had to wait.
      if (piece !== undefined && !this.#socket.isOpen) break;
      const taken = this.#receive(frame);
      // A function without a result may return anything.
      if (taken instanceof Promise) behind = taken;
    }
    this.#isBehind = behind !== undefined;
    void behind?.then(() => this.#goOn());
    return frames.length;
  }

  /** The receiver has handled what it had: it gets what came meanwhile. */
  #goOn(): void {
    while (this.#deliver() > 0 && !this.#isBehind);
    if (this.#isBehind) return;
    this.#release();
    this.answer();
  }

  /** The pieces that were withheld may be acknowledged. */
  #release(): void {
    this.#received = (this.#received + this.#withheld) >>> 0;
    this.#unacknowledged += this.#bytesWithheld;
    this.#withheld = this.#bytesWithheld = 0;
    this.#answerDue ||= this.#unacknowledged >= WINDOW / 4;
  }

  /** Sends the waiting frames, as far as the window allows. */
  send(queue: FrameQueue): void {
    if (this.#ended()) return;
    while (this.#bytesOnTheWay < WINDOW) {
      let message: Uint8Array<ArrayBuffer> | undefined;
      if (this.#rest.length === 0) {
        if (queue.isEmpty) return;
        message = writeFrames(queue.take(MAX_PIECE), HEADER_BYTES);
        this.#rest = message.subarray(HEADER_BYTES);
      }
      const rest = this.#rest;
      const small = this.#pieces === "small" && rest.length < CUT_BELOW;
      const size = Math.min(rest.length, small ? SMALL_PIECE : MAX_PIECE);
      this.#rest = rest.subarray(size);
      this.#onTheWay.push(size);
      this.#bytesOnTheWay += size;
      this.#isExpecting = true;
      // Nearly every message is all of what was taken, and needs no copy.
      const isAll = size === rest.length;
      this.#write(isAll && message || withRoom(rest.subarray(0, size)), small);
    }
  }

  /** Sends an acknowledgement, if one is due and no message has carried it since. */
  answer(): void {
    if (this.#answerDue) this.#write(new Uint8Array(HEADER_BYTES), false);
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
    if (this.#silentBeats > 1) this.ask();
  }

  /**
   * Must be called at regular intervals, several for each beat: notices soon that what was sent is not answered.
   * Counts looks instead of time, as {@linkcode beat} does.
   */
  look(): void {
    if (!this.#isExpecting || this.#ended()) return;
    this.#silentLooks++;
    if (this.#silentLooks === LOOKS_UNTIL_QUESTION) this.ask();
    if (this.#silentLooks >= LOOKS_UNTIL_SILENT && !this.#isSilent) this.#setSilent(true);
  }

  /** Asks the other side for an answer: something says that the connection may be dead. */
  ask(): void {
    this.#isExpecting = true;
    this.#write(new Uint8Array(HEADER_BYTES), true);
  }

  #setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
    this.#onSilence(isSilent);
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

  /** Sends a message whose header is still to be written: it acknowledges all that may be. */
  #write(message: Uint8Array<ArrayBuffer>, answerNow: boolean): void {
    this.#answerDue = false;
    this.#unacknowledged = 0;
    this.#socket.send(withHeader(message, answerNow, this.#received));
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
