/** The code of a {@linkcode SynodError}. Codes are stable: programs may test them. */
export type SynodErrorCode =
  | "no_quorum"
  | "session_lost"
  | "outcome_unknown"
  | "closed"
  | "replaced"
  | "invariant_failed"
  | "storage_failed"
  | "full"
  | "queue_full"
  | "not_a_member"
  | "members_mismatch"
  | "members_changing"
  | "not_ready"
  | "version_mismatch"
  | "no_host"
  | "deadlock"
  | "unauthorized"
  | "released"
  | "clients_off"
  | "unreachable"
  | "exited";

/**
 * An error that is neither misuse (`TypeError`) nor part of normal work (a {@linkcode Result}).
 * Test `code`, not the text.
 */
export class SynodError extends Error {
  /** The stable code of the error. */
  readonly code: SynodErrorCode;
  /** The members of the cluster when a change of its members failed; `undefined` in other errors. */
  declare readonly members?: readonly string[];

  /** `message` says for people what failed and why. */
  constructor(code: SynodErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SynodError";
    this.code = code;
  }
}

/**
 * The outcome of an operation whose failures a caller must expect in normal work. Test `error`; `reason`
 * gives details for people: why a value is `invalid_value`, or which members do not answer. That of `no_quorum`
 * is not enumerable, so that it does not count where results are compared.
 */
export type Result<T, E extends string> =
  | { ok: true; value: T }
  | { ok: false; error: E; reason?: string };
