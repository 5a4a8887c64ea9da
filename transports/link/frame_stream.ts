/**
 * Frames in a stream of bytes, each with its length (32 bits, little-endian) before it. Where the
 * stream is cut into messages means nothing, so a large frame may travel in several.
 *
 * @module
 */
import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";

/** Frames in one body or message: more than a sender ever puts there, since each counts as 100 bytes more. */
export const MAX_FRAMES = 11_000;

/** What a frame has before its bytes: its length. */
export const LENGTH_BYTES = 4;

/** Frames, one behind the other. */
export function writeFrames(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = frames.reduce((sum, frame) => sum + LENGTH_BYTES + frame.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const frame of frames) {
    view.setUint32(at, frame.length, true);
    bytes.set(frame, at + LENGTH_BYTES);
    at += LENGTH_BYTES + frame.length;
  }
  return bytes;
}

/** Takes frames out of a stream whose pieces come one after the other. */
export class FrameReader {
  /** The beginning of a frame whose end has not come yet is in the first `#length` bytes. */
  #buffer: Uint8Array = new Uint8Array(0);
  #length = 0;
  /** How many bytes must be there before there is more to read: a length, or a whole frame. */
  #needed = LENGTH_BYTES;

  /** Whether the last frame was complete. */
  get isAtEnd(): boolean {
    return this.#length === 0;
  }

  /**
   * The frames that `piece` completes, copied; `null` if one of them is empty, or longer than any node reads,
   * or if there are too many, and then nothing more can be read.
   */
  read(piece: Uint8Array): Uint8Array[] | null {
    let bytes = piece;
    if (this.#length > 0) {
      this.#append(piece);
      if (this.#length < this.#needed) return [];
      bytes = this.#buffer.subarray(0, this.#length);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Uint8Array[] = [];
    let at = 0;
    this.#needed = LENGTH_BYTES;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = view.getUint32(at, true);
      if (length === 0 || length > MAX_FRAME_BYTES || frames.length >= MAX_FRAMES) return null;
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) {
        this.#needed = LENGTH_BYTES + length;
        break;
      }
      frames.push(bytes.slice(at + LENGTH_BYTES, end));
      at = end;
    }
    this.#buffer = bytes.slice(at);
    this.#length = this.#buffer.length;
    return frames;
  }

  /** Doubles the buffer when it is full: memory follows what has come, not what was announced. */
  #append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }
}
