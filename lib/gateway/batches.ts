import type { DownMessage } from "../codec/guest_messages.ts";

/** Messages of one frame, and the approximate size in bytes from which on no other one is added. */
const MAX_MESSAGES = 500;
const MAX_BYTES = 2 ** 20;

/** The approximate size of what is no text and no bytes, in bytes. */
const OVERHEAD = 10;

/** Splits messages into frames that a guest takes, in order; without messages there is one empty frame. */
export function* batches(messages: readonly DownMessage[]): Iterable<readonly DownMessage[]> {
  let batch: DownMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (batch.length >= MAX_MESSAGES || (bytes + size > MAX_BYTES && batch.length > 0)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0 || messages.length === 0) yield batch;
}

/** About the size of a part of a message, in bytes. */
function sizeOf(part: unknown): number {
  if (typeof part === "string") return OVERHEAD + 2 * part.length;
  if (part instanceof Uint8Array) return OVERHEAD + part.length;
  if (typeof part !== "object" || part === null) return OVERHEAD;
  let size = OVERHEAD;
  for (const inner of Object.values(part)) size += sizeOf(inner);
  return size;
}
