import type { Random } from "../../testing/random.ts";

/** Generates malformed frames, from random bytes and from real frames. */
export class MalformedFrames {
  readonly #random: Random;
  readonly #frames: readonly Uint8Array[];

  /** Mutates `frames`, which are real frames. */
  constructor(random: Random, frames: readonly Uint8Array[]) {
    this.#random = random;
    this.#frames = frames;
  }

  /** The next frame. */
  next(): Uint8Array {
    const random = this.#random;
    if (random.chance(0.1)) return this.#noise(random.integer(0, 400), random.chance(0.7));
    let frame: Uint8Array = random.pick(this.#frames).slice();
    // Mostly small changes, since a decoder gets furthest before it detects them.
    do frame = this.#mutate(frame); while (random.chance(0.3));
    return frame;
  }

  #mutate(frame: Uint8Array): Uint8Array {
    const random = this.#random;
    const at = () => random.integer(0, Math.max(0, frame.length - 1));
    switch (random.integer(0, 6)) {
      case 0: // flips bits
        for (let flips = random.integer(1, 8); flips > 0 && frame.length > 0; flips--) {
          frame[at()] ^= 1 << random.integer(0, 7);
        }
        return frame;
      case 1: // truncates the frame
        return frame.subarray(0, at());
      case 2: { // joins the beginning of this frame and the end of another
        const other = random.pick(this.#frames);
        return join(frame.subarray(0, at()), other.subarray(random.integer(0, other.length - 1)));
      }
      case 3: // removes bytes
        return join(frame.subarray(0, at()), frame.subarray(at()));
      case 4: { // inserts bytes
        const place = at();
        const noise = this.#noise(random.integer(1, 8), false);
        return join(frame.subarray(0, place), noise, frame.subarray(place));
      }
      case 5: // writes the head of an item: a large length, another type, an indefinite length
        if (frame.length > 0) frame[at()] = random.pick(HEADS);
        return frame;
      default: // duplicates the frame
        return join(frame, frame.subarray(random.integer(0, 1)));
    }
  }

  #noise(length: number, withVersion: boolean): Uint8Array {
    const noise = Uint8Array.from({ length }, () => this.#random.integer(0, 255));
    if (withVersion && length > 0) noise[0] = 1;
    return noise;
  }
}

/** Lists and maps of any length, strings of 2^32 bytes, tags, floats, simple values, a break. */
const HEADS = [
  0x1b,
  0x3b,
  0x5b,
  0x5f,
  0x7b,
  0x7f,
  0x80,
  0x9a,
  0x9b,
  0x9f,
  0xa1,
  0xba,
  0xbf,
  0xc2,
  0xd8,
  0xd9,
  0xdb,
  0xf6,
  0xf7,
  0xf8,
  0xf9,
  0xfb,
  0xfc,
  0xff,
];

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
