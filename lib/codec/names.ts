import { LIFE_PATTERN } from "../paxos/ballot.ts";
import { isWellFormed } from "./text.ts";

/** The form of a node id, as a part of other forms. */
const NODE_ID = "[A-Za-z0-9._-]{1,64}";

/** {@linkcode NODE_ID_PATTERN} in words, for error texts. */
export const NODE_ID_FORM = "1 to 64 of A-Z a-z 0-9 . _ -";

const LIFE = LIFE_PATTERN.source.slice(1, -1);

/** The form of a node id. */
export const NODE_ID_PATTERN: RegExp = new RegExp(`^${NODE_ID}$`);

/** The form of the name of an owner: the id of a node, or `~` and the id of a guest. */
export const OWNER_PATTERN: RegExp = new RegExp(`^~?${NODE_ID}$`);

/** The form of the author of a guest's operations and calls: `~id/life`. */
export const GUEST_PATTERN: RegExp = new RegExp(`^~${NODE_ID}/${LIFE}$`);

/** The exclusive upper bound of sequence numbers of sessions and operations: they have up to 15 digits. */
export const MAX_SEQUENCE: number = 10 ** 15;

/**
 * The form of a session id: `owner/life/sequence`, with a sequence below {@linkcode MAX_SEQUENCE} and
 * without leading zeros. A matching id can be sent, and every received id matches.
 */
export const SESSION_PATTERN: RegExp = new RegExp(
  `^~?${NODE_ID}/${LIFE}/(?:0|[1-9][0-9]{0,14})$`,
);

/** The form of the id of a genesis: 1 to 64 printable ASCII characters without spaces. */
export const GENESIS_PATTERN: RegExp = /^[!-~]{1,64}$/;

/** Whether `value` is the id of a node. */
export function isNodeId(value: unknown): value is string {
  return typeof value === "string" && NODE_ID_PATTERN.test(value);
}

/** Whether `value` is the name of an owner: of a node, or of a guest after `~`. */
export function isOwner(value: unknown): value is string {
  return typeof value === "string" && OWNER_PATTERN.test(value);
}

/** Whether `value` is the id of a session. */
export function isSession(value: unknown): value is string {
  return typeof value === "string" && SESSION_PATTERN.test(value);
}

/** Whether `value` can be the id of a singleton's spec: 1 to 200 well-formed UTF-16 code units. */
export function isSpecId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 200 &&
    isWellFormed(value);
}
