import { MAX_FRAME_BYTES } from "../../lib/codec/limits.ts";

/** What a waiting frame costs besides its bytes, so that millions of empty ones are bounded too. */
const FRAME_COST = 100;

/**
 * Frames that wait until they can be sent: at most about so many bytes, and the oldest make room for
 * new ones, since whoever sent those has given up on them first.
 */
export class FrameQueue {
  readonly #limit: number;
  #frames: Uint8Array[] = [];
  /** Where the queue begins in `#frames`. */
  #head = 0;
  #bytes = 0;

  /** A single frame may be larger than `limit`, which is in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#head === this.#frames.length;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a copy of `frame`; one that no node would read is dropped. */
  push(frame: Uint8Array): void {
    if (frame.length === 0 || frame.length > MAX_FRAME_BYTES) return;
    this.#frames.push(frame.slice());
    this.#bytes += frame.length + FRAME_COST;
    while (this.#bytes > this.#limit && this.#frames.length - this.#head > 1) this.#shift();
  }

  /** Takes the oldest frames, as many as fit into `limit` bytes, but at least one if there is any. */
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

  /** Drops everything. */
  clear(): void {
    this.#frames = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #shift(): Uint8Array {
    const frame = this.#frames[this.#head];
    this.#frames[this.#head++] = EMPTY; // so that it is not kept
    this.#bytes -= frame.length + FRAME_COST;
    if (this.isEmpty) this.clear();
    else if (this.#head >= 1024) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }
}

const EMPTY = new Uint8Array(0);
