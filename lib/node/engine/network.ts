import type { Reachability } from "../wire/routes.ts";

/** The connection to the other nodes; its methods do not throw. */
export interface Network {
  /** Sends a frame to one node. */
  send(to: string, frame: Uint8Array): void;
  /** How one node is connected. */
  reachability(to: string): Reachability;
  /** A member has passed on a message of `peer`: a connection to it may be possible. */
  hint?(peer: string): void;
}

/** Counts of frames sent, received and dropped. */
export interface FrameCounts {
  /** Handed to a transport. */
  sent: number;
  /** Arrived and well-formed. */
  received: number;
  /**
   * Arrived and dropped: malformed, of another version, with a counter out of bounds, beyond what the intake
   * can hold, or with an error in its handling.
   */
  dropped: number;
}
