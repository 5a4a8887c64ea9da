import { MalformedError } from "../codec/malformed.ts";
import { isWellFormed } from "../codec/text.ts";
import { SynodError, type SynodErrorCode } from "../errors.ts";
import { show } from "../show.ts";

/** An error in the form in which it is sent to another node. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  /** Its `code`, if that is a string or a number. */
  readonly code: string | number | null;
  /** Its `cause`: an error, or the text of anything else. */
  readonly cause: Failure | string | null;
}

/** Nested causes that are sent; bounds the size of a failure. */
const MAX_CAUSES = 8;

/** Longest text that is sent, in UTF-16 code units; longer texts are cut. */
const MAX_TEXT = 10_000;

/** Converts to a text that can be encoded: cut to the longest length, without lone surrogates. */
export function sendable(text: unknown): string {
  return String(text).slice(0, MAX_TEXT).replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Converts anything thrown to a failure; never throws. */
export function toFailure(error: unknown, causes: number = MAX_CAUSES): Failure {
  try {
    // Any value can be thrown, and its properties may be getters that throw.
    const { name, message, code, cause } = looksLikeError(error)
      ? error
      : { ...NO_ERROR, message: textOf(error) };
    return {
      name: name === undefined ? "Error" : sendable(name),
      message: sendable(message),
      code: codeOf(code),
      cause: cause === undefined || cause === null || causes === 0
        ? null
        : causeOf(cause, causes - 1),
    };
  } catch {
    return { name: "Error", message: "an error that cannot be shown", code: null, cause: null };
  }
}

/** Converts a failure back to an error. */
export function fromFailure({ name, message, code, cause }: Failure): Error {
  const options = cause === null
    ? undefined
    : { cause: typeof cause === "string" ? cause : fromFailure(cause) };
  if (name === "SynodError" && typeof code === "string") {
    return new SynodError(code as SynodErrorCode, message, options);
  }
  const error = new Error(message, options);
  error.name = name;
  return code === null ? error : Object.assign(error, { code });
}

/** The fields of a failure in a message. */
export function failureFields({ name, message, code, cause }: Failure): unknown[] {
  const last = cause === null || typeof cause === "string" ? cause : failureFields(cause);
  return [name, message, code, last];
}

/** Reads the fields of a failure; throws `MalformedError` unless they are well-formed. */
export function failureOf(fields: unknown, causes: number = MAX_CAUSES): Failure {
  if (!Array.isArray(fields) || fields.length !== 4) throw malformed();
  const [name, message, code, last] = fields;
  if (typeof name !== "string" || typeof message !== "string") throw malformed();
  const isText = typeof code === "string" || code === null;
  if (!isText && (typeof code !== "number" || !Number.isFinite(code))) throw malformed();
  if (last === null || typeof last === "string") return { name, message, code, cause: last };
  if (causes === 0) throw malformed();
  return { name, message, code, cause: failureOf(last, causes - 1) };
}

/** The approximate size of a failure in memory, in bytes: two for each UTF-16 code unit. */
export function failureBytes({ name, message, cause }: Failure): number {
  const rest = cause === null
    ? 0
    : typeof cause === "string"
    ? 2 * cause.length
    : failureBytes(cause);
  return 2 * (name.length + message.length) + rest;
}

const NO_ERROR = { name: "Error", code: undefined, cause: undefined };

/**
 * Errors of other realms are not instances of this realm's `Error`; plain objects with a message may be
 * thrown too.
 */
function looksLikeError(
  thrown: unknown,
): thrown is { name?: unknown; message: unknown; code?: unknown; cause?: unknown } {
  if (typeof thrown !== "object" || thrown === null) return false;
  return thrown instanceof Error || typeof (thrown as { message?: unknown }).message === "string";
}

function codeOf(code: unknown): string | number | null {
  if (typeof code === "number" && Number.isFinite(code)) return code;
  return typeof code === "string" && code.length <= MAX_TEXT && isWellFormed(code) ? code : null;
}

function causeOf(cause: unknown, causes: number): Failure | string {
  return looksLikeError(cause) ? toFailure(cause, causes) : sendable(textOf(cause));
}

/** The text of a thrown value that is not an error. */
function textOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null ? show(thrown) : String(thrown);
}

function malformed(): MalformedError {
  return new MalformedError("not the fields of an error");
}
