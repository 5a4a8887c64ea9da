/**
 * Frames in a stream of bytes, each after its length (32 bits, little-endian). Message boundaries have no
 * meaning in the stream, so a large frame may travel in several messages.
 *
 * @module
 */
import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";
import { readUint32, writeUint32 } from "./uint32.ts";

/** The most frames in one body or message: more than a sender packs, as each counts 100 bytes more. */
export const MAX_FRAMES = 11_000;

/** The most frames that are read at once of what was held: to copy more takes as long as a few turns of others. */
const MAX_HELD = 1_000;

/** The size of the length before each frame, in bytes. */
export const LENGTH_BYTES = 4;

/** The frames as a stream of bytes, behind `before` bytes for the caller. */
export function writeFrames(frames: readonly Uint8Array[], before = 0): Uint8Array<ArrayBuffer> {
  const size = frames.reduce((sum, frame) => sum + LENGTH_BYTES + frame.length, before);
  const bytes = new Uint8Array(size);
  let at = before;
  for (const frame of frames) {
    writeUint32(bytes, at, frame.length);
    bytes.set(frame, at + LENGTH_BYTES);
    at += LENGTH_BYTES + frame.length;
  }
  return bytes;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** Reads frames from a stream that arrives in pieces. */
export class FrameReader {
  readonly #longest: number;
  /** Its first `#length` bytes are the beginning of an incomplete frame. */
  #buffer = NOTHING;
  #length = 0;
  /** The bytes in `#buffer` from which reading makes progress: a length, or a whole frame. */
  #needed = LENGTH_BYTES;

  /** `longest`: the longest frame, in bytes. What announces a longer one is refused before it comes. */
  constructor(longest: number = MAX_FRAME_BYTES) {
    this.#longest = longest;
  }

  /** Takes a piece of which nothing is read yet: the next `read` does that. */
  hold(piece: Uint8Array): void {
    this.#append(piece);
  }

  /** Whether the last frame is complete. */
  get isAtEnd(): boolean {
    return this.#length === 0;
  }

  /**
   * Copies of the frames that `piece` completes. Returns `null` if a frame is empty or too
   * long, or if there are more than `MAX_FRAMES`; the reader must not be used after that. Without a
   * piece: the next frames of what it holds, at most `MAX_HELD`.
   */
  read(piece: Uint8Array = NOTHING): Uint8Array[] | null {
    let bytes = piece;
    if (this.#length > 0) {
      this.#append(piece);
      if (this.#length < this.#needed) return [];
      bytes = this.#buffer.subarray(0, this.#length);
    }
    const frames: Uint8Array[] = [];
    let at = 0;
    this.#needed = LENGTH_BYTES;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = readUint32(bytes, at);
      if (length === 0 || length > this.#longest) return null;
      if (piece === NOTHING && frames.length === MAX_HELD) break;
      if (frames.length === MAX_FRAMES) return null;
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) {
        this.#needed = LENGTH_BYTES + length;
        break;
      }
      // A long frame that was put together alone needs no other copy.
      const frame = bytes.subarray(at + LENGTH_BYTES, end);
      frames.push(bytes !== piece && end - at === bytes.length ? frame : frame.slice());
      at = end;
    }
    this.#length = bytes.length - at;
    this.#buffer = this.#length === 0 ? NOTHING : bytes.slice(at);
    return frames;
  }

  /** Doubles the buffer when it is full: memory follows the received bytes, not the announced length. */
  #append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }
}
