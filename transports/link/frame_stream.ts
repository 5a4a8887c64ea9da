/**
 * Frames in a stream of bytes, each after its length (32 bits, little-endian). Message boundaries have no
 * meaning in the stream, so a large frame may travel in several messages.
 *
 * @module
 */
import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";

/** The most frames in one body or message: more than a sender packs, as each counts 100 bytes more. */
export const MAX_FRAMES = 11_000;

/** The size of the length before each frame, in bytes. */
export const LENGTH_BYTES = 4;

/** The frames as a stream of bytes. */
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

/** Reads frames from a stream that arrives in pieces. */
export class FrameReader {
  readonly #longest: number;
  /** Its first `#length` bytes are the beginning of an incomplete frame. */
  #buffer: Uint8Array = new Uint8Array(0);
  #length = 0;
  /** The bytes in `#buffer` from which reading makes progress: a length, or a whole frame. */
  #needed = LENGTH_BYTES;

  /** `longest`: the longest frame, in bytes. What announces a longer one is refused before it comes. */
  constructor(longest: number = MAX_FRAME_BYTES) {
    this.#longest = longest;
  }

  /** Whether the last frame is complete. */
  get isAtEnd(): boolean {
    return this.#length === 0;
  }

  /**
   * Copies of the frames that `piece` completes. Returns `null` if a frame is empty or too
   * long, or if there are more than `MAX_FRAMES`; the reader must not be used after that.
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
      if (length === 0 || length > this.#longest || frames.length >= MAX_FRAMES) return null;
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

  /** Doubles the buffer when it is full: memory follows the received bytes, not the announced length. */
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
