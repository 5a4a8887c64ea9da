/**
 * Why a WebSocket is closed. The side that connected may use no others of those in RFC 6455 than 1000;
 * from 4000 on they are ours, and mean what the status of HTTP with the same end means.
 */
export const CLOSE = {
  /** The node at this end has closed. */
  goingAway: 1000,
  /** The other end does not keep to the protocol. */
  malformed: 4400,
  /** The other end has not proven who it is. */
  unauthorized: 4401,
  /** The other end was silent for too long, or what it proved itself with holds no more. */
  timeout: 4408,
  /** The same node has connected anew. */
  replaced: 4409,
  /** There are too many connections, or the node is not open. */
  tryLater: 4429,
} as const;
