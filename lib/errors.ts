/** The code of a {@linkcode SynodError}. Codes are stable: programs may test them. */
export type SynodErrorCode =
  | "no_quorum"
  | "session_lost"
  | "outcome_unknown"
  | "closed"
  | "replaced"
  | "invariant_failed"
  | "full"
  | "queue_full"
  | "not_a_member"
  | "members_mismatch"
  | "version_mismatch"
  | "no_host"
  | "deadlock"
  | "unauthorized"
  | "released"
  | "clients_off"
  | "exited";

/**
 * An error that is neither misuse (`TypeError`) nor part of normal work (a {@linkcode Result}).
 * Test `code`, not the text.
 */
export class SynodError extends Error {
  /** The stable code of the error. */
  readonly code: SynodErrorCode;

  /** `message` says for people what failed and why. */
  constructor(code: SynodErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SynodError";
    this.code = code;
  }
}

/**
 * The outcome of an operation whose failures a caller must expect in normal work. Test `error`; `reason`
 * gives details for people, for example why a value is `invalid_value`.
 */
export type Result<T, E extends string> =
  | { ok: true; value: T }
  | { ok: false; error: E; reason?: string };
