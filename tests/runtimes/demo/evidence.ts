import type { Attempt } from "../../../examples/demo/claims_log.ts";
import type { LineResult } from "../../../examples/demo/messages.ts";

/** The workers of the examples. */
export const MEMBERS: readonly string[] = ["w1", "w2", "w3"];

/** An attempt that took one millisecond. */
export function attempt(
  line: number,
  token: number,
  owner: number,
  begun: number,
  more: Partial<Attempt> = {},
): Attempt {
  const answered = begun + 1;
  return { line, token, owner, won: false, begun, answered, publishing: 0, published: 0, ...more };
}

/** A won attempt, with a result that is published 2 ms after it began. */
export function won(
  line: number,
  token: number,
  owner: number,
  begun: number,
  more: Partial<Attempt> = {},
): Attempt {
  const [publishing, published] = [begun + 2, begun + 3];
  return attempt(line, token, owner, begun, { won: true, publishing, published, ...more });
}

/** The SHA-256 of the examples' lines: a placeholder. */
export const hashOf = (line: number): Uint8Array => new Uint8Array(32).fill(line + 1);

/** A correct result. */
export function result(line: number, by: string, token: number): LineResult {
  return { sha256: hashOf(line), by, token };
}
