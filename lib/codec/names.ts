/** What the name of a node looks like. */
export const NODE_ID_PATTERN: RegExp = /^[A-Za-z0-9._-]{1,64}$/;

/** What a session id looks like: `node/life/sequence`, the sequence without leading zeros. */
export const SESSION_PATTERN: RegExp =
  /^[A-Za-z0-9._-]{1,64}\/[-0-9A-Z_a-z]{20}\/(?:0|[1-9][0-9]{0,15})$/;

/** What the id of a genesis looks like: printable ASCII without spaces, at most 64 characters. */
export const GENESIS_PATTERN: RegExp = /^[!-~]{1,64}$/;

/** Whether something is the id of a session. */
export function isSession(value: unknown): value is string {
  return typeof value === "string" && SESSION_PATTERN.test(value);
}
