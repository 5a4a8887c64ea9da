import type { SynodErrorCode } from "../errors.ts";

/** An operation of a guest that ends with an error: its code and text go to the guest. */
export class GuestError extends Error {
  readonly code: SynodErrorCode | "cancelled" | "late" | "not_begun" | "TypeError";

  /** `message` is for people. */
  constructor(code: GuestError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The reason of the end of an operation that its guest does not wait for any more. */
export const CANCELLED = new GuestError("cancelled", "The guest has cancelled the operation");

/** The error for what is beyond a bound. */
export function beyond(what: string, limit: number): GuestError {
  return new GuestError("queue_full", `A guest may have ${limit} ${what} at this member`);
}
