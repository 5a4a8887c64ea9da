/**
 * The format of a binary message between two authenticated nodes:
 *
 *     flags (8 bits), acknowledged (32 bits, little-endian), a piece of the stream of frames
 *
 * A message without a piece of the stream only acknowledges, or shows that its sender is alive. It is not
 * counted, so acknowledgements are not acknowledged themselves.
 *
 * @module
 */

import { readUint32, writeUint32 } from "../link/uint32.ts";

/** The size of the header before the piece of the stream, in bytes. */
export const HEADER_BYTES = 5;

/** The largest piece of a message, in bytes: some runtimes accept at most a megabyte per message. */
export const MAX_PIECE = 256 * 1024;

/** The largest message, in bytes. */
export const MAX_MESSAGE_BYTES: number = HEADER_BYTES + MAX_PIECE;

/** The flag that requests an acknowledgement at once. */
const ANSWER_NOW = 1;

/** One binary message. */
export interface Message {
  /** Whether the sender requests an acknowledgement at once. */
  readonly answerNow: boolean;
  /** The number of messages with a piece that the sender has received so far, modulo 2^32. */
  readonly acknowledged: number;
  /** A piece of the stream of frames; may be empty. */
  readonly piece: Uint8Array;
}

/** The bytes of a message. */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  return withHeader(withRoom(message.piece), message.answerNow, message.acknowledged);
}

/** A copy of `piece`, behind room for the header. */
export function withRoom(piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + piece.length);
  bytes.set(piece, HEADER_BYTES);
  return bytes;
}

/** `bytes`, with the header in the room before their piece. */
export function withHeader(
  bytes: Uint8Array<ArrayBuffer>,
  answerNow: boolean,
  acknowledged: number,
): Uint8Array<ArrayBuffer> {
  bytes[0] = answerNow ? ANSWER_NOW : 0;
  writeUint32(bytes, 1, acknowledged);
  return bytes;
}

/** The message in `bytes`, or `null` if it is malformed. The piece is a view into `bytes`. */
export function decodeMessage(bytes: Uint8Array): Message | null {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_MESSAGE_BYTES) return null;
  if ((bytes[0] & ~ANSWER_NOW) !== 0) return null;
  return {
    answerNow: bytes[0] === ANSWER_NOW,
    acknowledged: readUint32(bytes, 1),
    piece: bytes.subarray(HEADER_BYTES),
  };
}
