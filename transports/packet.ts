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

/**
 * A node id in UTF-8, or `null` for a string that cannot be a name in a packet: an empty one, one of more
 * than 255 bytes, `"*"`, which stands for all nodes, or `"!"`.
 */
export function encodeName(id: string): Uint8Array | null {
  const bytes = new TextEncoder().encode(id);
  return bytes.length === 0 || bytes.length > MAX_NAME || id === "*" || id === "!" ? null : bytes;
}

/** Collects the frames that go into one packet. */
export class PacketWriter {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** `sender` is the sender's id, encoded by {@linkcode encodeName}. */
  constructor(sender: Uint8Array) {
    this.#push(MARK);
    this.#pushName(sender);
  }

  /** The size of the packet so far, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Adds a copy of `frame` for `receiver`, or for all nodes if that is `null`. */
  add(receiver: Uint8Array | null, frame: Uint8Array): void {
    this.#pushName(receiver ?? ALL);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, frame.length, true);
    this.#push(length);
    this.#push(frame.slice());
  }

  /** Says that the sender holds the lock of this life. */
  holds(life: string): void {
    this.add(HOLDS, new TextEncoder().encode(life));
  }

  /** The packet, in a buffer of exactly its size: a larger one would be cloned as a whole. */
  bytes(): Uint8Array<ArrayBuffer> {
    const packet = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      packet.set(part, at);
      at += part.length;
    }
    return packet;
  }

  #pushName(name: Uint8Array): void {
    this.#push(Uint8Array.of(name.length));
    this.#push(name);
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#size += part.length;
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
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length <= MARK.length || !matches(bytes, 0, MARK)) return null;

  // The end of the name whose length byte is at `at`, or -1 if the name is empty or cut off.
  const endOfName = (at: number): number => {
    const end = at < bytes.length ? at + 1 + bytes[at] : Infinity;
    return end <= bytes.length && end > at + 1 ? end : -1;
  };
  const isName = (at: number, name: Uint8Array): boolean =>
    bytes[at] === name.length && matches(bytes, at + 1, name);

  const sender = MARK.length;
  let at = endOfName(sender);
  if (at < 0 || isName(sender, ALL)) return null;
  const from = [sender + 1, at] as const;

  const mine: (readonly [number, number])[] = [];
  let holds: readonly [number, number] | undefined;
  while (at < bytes.length) {
    const receiver = at;
    const length = endOfName(receiver);
    if (length < 0 || length + 4 > bytes.length) return null;
    const start = length + 4;
    const end = start + view.getUint32(length, true);
    if (end > bytes.length) return null;
    if (isName(receiver, self) || isName(receiver, ALL)) mine.push([start, end]);
    else if (isName(receiver, HOLDS) && end - start <= MAX_LIFE) holds = [start, end];
    at = end;
  }
  if (mine.length === 0 && holds === undefined) return null;
  const text = (part: readonly [number, number]) => new TextDecoder().decode(bytes.slice(...part));
  return {
    from: text(from),
    frames: mine.map(([start, end]) => bytes.slice(start, end)),
    ...(holds !== undefined && { holds: text(holds) }),
  };
}

/** Whether `bytes` has `part` at the index `at`. */
function matches(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}
