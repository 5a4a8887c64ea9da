import { decodeFrame } from "../../../lib/codec.ts";
import type { Frame } from "../../../lib/paxos/messages.ts";

/** Decodes a frame; fails if it is malformed. */
export function read(bytes: Uint8Array): Frame {
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) throw new Error(`not a frame: ${decoded.reason}`);
  return decoded.frame;
}

/** The requests of a frame with their receiver: `prepare to n2`. */
export function questions(to: string, bytes: Uint8Array): string[] {
  return read(bytes).requests.map(({ type }) => `${type} to ${to}`);
}

/** Whether a frame carries an answer of this type. */
export function answers(bytes: Uint8Array, type: string): boolean {
  return read(bytes).replies.some((reply) => reply.type === type);
}
