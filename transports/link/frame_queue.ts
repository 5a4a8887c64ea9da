import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";

/** The overhead in bytes that each waiting frame counts, so that the number of tiny frames is bounded too. */
const FRAME_COST = 100;

/**
 * Frames that wait until they can be sent, up to a limit in bytes. The oldest frames make room for new
 * ones: their senders give up on them first.
 */
export class FrameQueue {
  readonly #limit: number;
  readonly #frames: Uint8Array[] = [];
  /** The index of the oldest frame in `#frames`. */
  #head = 0;
  #bytes = 0;

  /** `limit` is in bytes, and includes the overhead of each frame. A single larger frame is kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether no frame waits. */
  get isEmpty(): boolean {
    return this.#head === this.#frames.length;
  }

  /** The waiting bytes, with the overhead of each frame. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a copy of `frame`. Drops an empty or overlong frame: the receiver would reject it. */
  push(frame: Uint8Array): void {
    if (frame.length === 0 || frame.length > MAX_FRAME_BYTES) return;
    this.#frames.push(frame.slice());
    this.#bytes += frame.length + FRAME_COST;
    while (this.#bytes > this.#limit && this.#frames.length - this.#head > 1) this.#shift();
  }

  /** Takes the oldest frames that fit into `limit` bytes, but at least one if there is any. */
  take(limit: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let bytes = 0;
    while (!this.isEmpty) {
      bytes += this.#frames[this.#head].length + FRAME_COST;
      if (bytes > limit && taken.length > 0) break;
      taken.push(this.#shift());
    }
    return taken;
  }

  /** Drops all frames. */
  clear(): void {
    this.#frames.length = 0;
    this.#head = 0;
    this.#bytes = 0;
  }

  #shift(): Uint8Array {
    const frame = this.#frames[this.#head];
    this.#frames[this.#head++] = EMPTY; // releases the memory of the frame
    this.#bytes -= frame.length + FRAME_COST;
    if (this.isEmpty) this.clear();
    else if (this.#head >= 1024) {
      this.#frames.splice(0, this.#head);
      this.#head = 0;
    }
    return frame;
  }
}

const EMPTY = new Uint8Array(0);
