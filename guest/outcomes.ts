import { SynodError } from "../lib/errors.ts";

/** The error of an outcome that does not belong to the operation: the gateway is of another kind. */
export function unexpected(operation: string, outcome: { readonly type: string }): SynodError {
  return new SynodError(
    "version_mismatch",
    `The gateway answered ${operation} with ${outcome.type}, which this guest does not know`,
  );
}
