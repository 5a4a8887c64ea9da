import { assertEquals } from "@std/assert";
import type { Frame, Header } from "../../../lib/paxos/messages.ts";
import { decodeFrame, encodeFrame, registerId } from "../../../lib/codec.ts";

/** A valid frame, and the names in it. */

export const LIFE = "0ABCDEFGHIJKLMNOPQRS";
export const OTHER = "1ABCDEFGHIJKLMNOPQRS";
export const CLOCK = 1_700_000_000_000_000;

export const HEADER: Header = {
  life: LIFE,
  clock: CLOCK,
  genesis: "genesis",
  epoch: 0,
  incarnation: LIFE,
  vector: [LIFE, OTHER, ""],
};

export const EMPTY: Frame = { header: HEADER, requests: [], repliesTo: null, replies: [] };

export const REGISTER = registerId("k", undefined, "key");
export const BALLOT = { counter: CLOCK - 1, life: LIFE };
export const SESSION = `w1/${LIFE}/3`;

/** Fails unless `frame` survives a round trip. */
export function comesBack(frame: Frame): void {
  const decoded = decodeFrame(encodeFrame(frame));
  if (!decoded.ok) throw new Error(`refused: ${JSON.stringify(decoded)}`);
  assertEquals(decoded.frame, frame);
}
