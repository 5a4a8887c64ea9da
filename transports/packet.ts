/**
 * The format of a packet: several frames of one sender, each for one peer or for all:
 *
 *     "SYN" 1, sender, then for each frame: receiver, length (32 bits, little-endian), bytes
 *
 * Sender and receiver are each a length byte and that number of bytes of UTF-8. The frame for the receiver
 * "!" is no frame: it is the life of the sender, which says that it holds the lock of that life.
 *
 * @module
 */

/** The first bytes of a packet: a mark, and the version of the format. */
const MARK = Uint8Array.of(0x53, 0x59, 0x4e, 1);

/** The receiver that stands for every peer. */
const ALL = new TextEncoder().encode("*");

/** The receiver of the life whose lock the sender holds. */
const HOLDS = new TextEncoder().encode("!");

/** The longest name of a sender or receiver, in bytes: its length has one byte. */
const MAX_NAME = 255;

/** The longest life in a packet, in bytes. */
const MAX_LIFE = 64;

/** The size of the buffer of a writer at first, in bytes: more than most packets have. */
const SMALL = 1024;

/** The largest buffer that a writer keeps for its next packet, in bytes: one burst must not occupy memory forever. */
const KEPT = 64 * 1024;

/** The bytes of the length of a frame. */
const LENGTH = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A node id in UTF-8, or `null` for a string that cannot be a name in a packet: an empty one, one of more
 * than 255 bytes, `"*"`, which stands for all nodes, or `"!"`.
 */
export function encodeName(id: string): Uint8Array | null {
  const bytes = encoder.encode(id);
  return bytes.length === 0 || bytes.length > MAX_NAME || id === "*" || id === "!" ? null : bytes;
}

/** Collects the frames that go into one packet. */
export class PacketWriter {
  readonly #head: Uint8Array;
  #buffer: Uint8Array = new Uint8Array(SMALL);
  #size: number;
  /** The life that was written last, and its bytes. */
  #life = "";
  #lifeBytes: Uint8Array = new Uint8Array(0);

  /** `sender` is the sender's id, encoded by {@linkcode encodeName}. */
  constructor(sender: Uint8Array) {
    this.#head = Uint8Array.of(...MARK, sender.length, ...sender);
    this.#buffer.set(this.#head);
    this.#size = this.#head.length;
  }

  /** The size of the packet so far, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Adds a copy of `frame` for `receiver`, or for all nodes if that is `null`. */
  add(receiver: Uint8Array | null, frame: Uint8Array): void {
    const name = receiver ?? ALL;
    const { length } = frame;
    const buffer = this.#withRoom(1 + name.length + LENGTH + length);
    let at = this.#size;
    buffer[at++] = name.length;
    for (let i = 0; i < name.length; i++) buffer[at++] = name[i];
    for (let i = 0; i < LENGTH; i++) buffer[at++] = length >>> (8 * i);
    buffer.set(frame, at);
    this.#size = at + length;
  }

  /** Says that the sender holds the lock of this life. */
  holds(life: string): void {
    // With each packet, and nearly always the same one.
    if (life !== this.#life) [this.#life, this.#lifeBytes] = [life, encoder.encode(life)];
    this.add(HOLDS, this.#lifeBytes);
  }

  /** The packet, in a buffer of exactly its size: a larger one would be cloned as a whole. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer.subarray(0, this.#size));
  }

  /** Begins another packet. */
  clear(): void {
    this.#size = this.#head.length;
    if (this.#buffer.length <= KEPT) return;
    this.#buffer = new Uint8Array(SMALL);
    this.#buffer.set(this.#head);
  }

  /** The buffer, with room for `bytes` more. */
  #withRoom(bytes: number): Uint8Array {
    const needed = this.#size + bytes;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#size));
      this.#buffer = larger;
    }
    return this.#buffer;
  }
}

/** The content of a packet for one peer. */
export interface Packet {
  /** The sender's id. */
  readonly from: string;
  /** Copies of the frames for this peer and for all, in the order in which they were sent. */
  readonly frames: readonly Uint8Array[];
  /** The life whose lock the sender says it holds, if it does. */
  readonly holds?: string;
}

/**
 * The frames in a packet for the node `self` (a name of {@linkcode encodeName}), or `null` if `data` is no
 * packet, or says nothing to it. `data` may have any type. The sender may be called `self` too: it is another
 * process under the same id then, since a channel never delivers to itself.
 *
 * The whole packet is checked before a frame is copied. A frame for another node costs a few comparisons
 * and no copy.
 */
export function readPacket(data: unknown, self: Uint8Array): Packet | null {
  if (!ArrayBuffer.isView(data)) return null;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const size = bytes.length;
  if (size <= MARK.length || !matches(bytes, 0, MARK)) return null;
  const sender = MARK.length;
  const first = endOfName(bytes, sender);
  if (first < 0 || isName(bytes, sender, ALL)) return null;

  /** The start and the end of each frame of its own. */
  const mine: number[] = [];
  let holds = 0;
  let holdsEnd = 0;
  for (let at = first; at < size;) {
    const length = endOfName(bytes, at);
    const start = length + LENGTH;
    if (length < 0 || start > size) return null;
    const end = start + bytes[length] + 0x100 * bytes[length + 1] + 0x10000 * bytes[length + 2] +
      0x1000000 * bytes[length + 3];
    if (end > size) return null;
    if (isName(bytes, at, self) || isName(bytes, at, ALL)) mine.push(start, end);
    else if (isName(bytes, at, HOLDS) && end - start <= MAX_LIFE) [holds, holdsEnd] = [start, end];
    at = end;
  }
  if (mine.length === 0 && holds === 0) return null;
  const frames: Uint8Array[] = [];
  for (let i = 0; i < mine.length; i += 2) frames.push(bytes.slice(mine[i], mine[i + 1]));
  const from = textOf(bytes, sender + 1, first);
  return holds === 0 ? { from, frames } : { from, frames, holds: textOf(bytes, holds, holdsEnd) };
}

/** The end of the name whose length byte is at `at`, or -1 if the name is empty or cut off. */
function endOfName(bytes: Uint8Array, at: number): number {
  const end = at < bytes.length ? at + 1 + bytes[at] : Infinity;
  return end <= bytes.length && end > at + 1 ? end : -1;
}

/** Whether the name whose length byte is at `at` is `name`. */
function isName(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  return bytes[at] === name.length && matches(bytes, at + 1, name);
}

/** Whether `bytes` has `part` at the index `at`. */
function matches(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/** Texts that are kept, to bound memory. */
const TEXTS = 64;

/** Names and lives that were read last, which each packet has: by their last bytes. */
const texts: ({ readonly bytes: Uint8Array; readonly text: string } | undefined)[] = new Array(
  TEXTS,
)
  .fill(undefined);

/** The text in `bytes[start..end)`. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  const place = (bytes[end - 1] + 7 * bytes[end - 2] + end - start) % TEXTS;
  const known = texts[place];
  if (known?.bytes.length === end - start && matches(bytes, start, known.bytes)) return known.text;
  const part = bytes.slice(start, end);
  const text = decoder.decode(part);
  texts[place] = { bytes: part, text };
  return text;
}
