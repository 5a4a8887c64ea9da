/**
 * Close codes. Of the codes of RFC 6455 the connecting side may send only 1000. Codes from 4000 on are
 * private; each has the meaning of the HTTP status with the same last three digits.
 */
export const CLOSE = {
  /** The node at this end has closed. */
  goingAway: 1000,
  /** The other end violates the protocol. */
  malformed: 4400,
  /** The other end has not proven its identity. */
  unauthorized: 4401,
  /** The other end was silent or slow for too long, or its token has expired. */
  timeout: 4408,
  /** The same node has connected again. */
  replaced: 4409,
  /** There are too many connections, or the node is not open. */
  tryLater: 4429,
} as const;
