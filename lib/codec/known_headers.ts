import type { Life } from "../paxos/ballot.ts";
import type { Header } from "../paxos/messages.ts";
import type { Packed } from "./pack.ts";

/**
 * The headers of a cluster's frames differ in their clocks alone, until a node or the members change. So what comes after
 * the clock is kept as it was written or read last: in a frame of one message it takes most of the time of both.
 */

/** A header that was written. */
export interface WrittenHeader {
  /** All of it but the clock. */
  readonly packed: Packed;
  /** The lives in it, in the order of their first occurrence. */
  readonly lives: readonly Life[];
  /** With the clock of the frame for which it was written. */
  readonly header: Header;
}

/** A header that was read. */
export interface ReadHeader {
  /** Its bytes in a frame, without the clock. */
  readonly bytes: Uint8Array;
  /** The lives in it, in the order of their first occurrence. */
  readonly lives: readonly Life[];
  /** With the clock of the frame in which it was found. */
  readonly header: Header;
}

/** By the vector, of which a node makes a new one whenever it changes. */
const written = new WeakMap<readonly Life[], WrittenHeader>();

/** The header of this node's last frames, if it is the same but for the clock. */
export function writtenHeader(header: Header): WrittenHeader | undefined {
  const known = written.get(header.vector);
  if (known === undefined) return undefined;
  const { life, genesis, epoch, unsettled, incarnation } = known.header;
  if (header.life !== life || header.genesis !== genesis) return undefined;
  if (header.epoch !== epoch || header.unsettled !== unsettled) return undefined;
  return header.incarnation === incarnation ? known : undefined;
}

/** Keeps a header that was written. */
export function keepWritten(known: WrittenHeader): void {
  written.set(known.header.vector, known);
}

/** Headers of other nodes that are kept, to bound memory: enough for few nodes to share a place. A power of two. */
const PLACES = 1024;

/** The longest header that is kept, in bytes: that of about 40 members. */
const LONGEST = 1024;

/** By some of the last characters of the life, which are random. */
const read: (ReadHeader | undefined)[] = new Array(PLACES).fill(undefined);

/** The header that these bytes have from `start` on, if it is kept: the bytes are the same then, and were checked. */
export function readHeader(bytes: Uint8Array, start: number): ReadHeader | undefined {
  const known = read[placeOf(bytes, start)];
  if (known === undefined) return undefined;
  const { length } = known.bytes;
  if (start + length > bytes.length) return undefined;
  for (let i = 0; i < length; i++) if (known.bytes[i] !== bytes[start + i]) return undefined;
  return known;
}

/** Keeps a header that was read, and found to be well-formed. */
export function keepRead(known: ReadHeader): void {
  if (known.bytes.length <= LONGEST) read[placeOf(known.bytes, 0)] = known;
}

function placeOf(bytes: Uint8Array, start: number): number {
  return (bytes[start + 20] + 31 * bytes[start + 19] + 661 * bytes[start + 18]) % PLACES;
}
