import { isWellFormed } from "./text.ts";

/** What the name of a node looks like. */
export const NODE_ID_PATTERN: RegExp = /^[A-Za-z0-9._-]{1,64}$/;

/** The sequence numbers of sessions and operations are below this: all those of up to 15 digits. */
export const MAX_SEQUENCE: number = 10 ** 15;

/**
 * What a session id looks like: `node/life/sequence`, the sequence below {@linkcode MAX_SEQUENCE} and
 * without leading zeros. What matches can be sent, and what is received matches.
 */
export const SESSION_PATTERN: RegExp =
  /^[A-Za-z0-9._-]{1,64}\/[-0-9A-Z_a-z]{20}\/(?:0|[1-9][0-9]{0,14})$/;

/** What the id of a genesis looks like: printable ASCII without spaces, at most 64 characters. */
export const GENESIS_PATTERN: RegExp = /^[!-~]{1,64}$/;

/** Whether something is the id of a session. */
export function isSession(value: unknown): value is string {
  return typeof value === "string" && SESSION_PATTERN.test(value);
}

/** Whether something can be the id of a singleton's spec: 1 to 200 well-formed UTF-16 code units. */
export function isSpecId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 200 &&
    isWellFormed(value);
}
