import type { SynodErrorCode } from "../errors.ts";

/**
 * Why an operation of a guest ends: the code and the text go to the guest. It is not an `Error`: a stack trace for each
 * operation that a hostile guest asks for costs too much.
 */
export class GuestError {
  readonly code: SynodErrorCode | "cancelled" | "late" | "not_begun" | "TypeError";

  readonly message: string;

  /** `message` is for people. */
  constructor(code: GuestError["code"], message: string) {
    this.code = code;
    this.message = message;
  }
}

/** The reason of the end of an operation that its guest does not wait for any more. */
export const CANCELLED = new GuestError("cancelled", "The guest has cancelled the operation");

/** The error for what is beyond a bound. */
export function beyond(what: string, limit: number): GuestError {
  return new GuestError("queue_full", `A guest may have ${limit} ${what} at this member`);
}
