import type { BackoffTimes } from "../link/backoff.ts";

/** Times, in milliseconds. */
export interface WebSocketTimes {
  /** Waits between attempts to connect. Default: derived from the node's session TTL. */
  readonly backoff?: BackoffTimes;
  /** The time limit of an attempt to connect, with the handshake. */
  readonly connect: number;
  /** The interval of the check of closing sockets and of incoming connections. */
  readonly tick: number;
  /**
   * The interval of beats; a peer is considered dead after three beats without a message. Default: derived
   * from the node's session TTL.
   */
  readonly beat?: number;
  /** The interval of looks for what is not answered. Default: derived from the node's session TTL. */
  readonly look?: number;
  /** The time limit for the end of all connections when the transport closes. */
  readonly close: number;
}

/** The times used outside of tests. */
export const TIMES: WebSocketTimes = { connect: 10_000, tick: 5_000, close: 1_000 };
