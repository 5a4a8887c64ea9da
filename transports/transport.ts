/** What a node tells its transports of itself. */
export interface TransportUser {
  /**
   * How long the node's session outlives its last renewal, in milliseconds. A connection on which nothing
   * gets through any more has to be noticed, and made again, within that time.
   */
  readonly sessionTtl: number;
}

/**
 * Carries frames between the nodes of a cluster. The contract is deliberately weak: a frame may be
 * lost, doubled, delayed or overtaken, and everything above still agrees. What it may not be is
 * changed, or attributed to somebody who did not send it.
 *
 * Every implementation passes the shared suite in `tests/transports/suite.ts`.
 */
export interface Transport {
  /**
   * Opens the transport for the node `self`. From now on `receive` is called with each frame that a
   * peer sent to `self` or to all, and with the id of that peer; the receiver owns the bytes.
   * Opening twice, and after `close`, rejects. What `receive` throws the transport survives; a node's own
   * frames never come back to it. `report` is called with errors that nobody is waiting for, such as a
   * proof that was refused. `user` tells what the transport may need to know of the node.
   */
  open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    report?: (error: Error) => void,
    user?: TransportUser,
  ): void | Promise<void>;

  /**
   * Sends one frame to one peer, or with `"*"` to every peer. Never throws and never waits: before
   * `open`, after `close`, or to a peer that cannot be reached, the frame is lost; so may be one without
   * a single byte. The caller may reuse the bytes as soon as this returns.
   */
  send(to: string | "*", frame: Uint8Array): void;

  /**
   * Whether there is a connection to `to` at this moment: without one `send` would lose the frame. Left out
   * where nobody can know that, as with a broadcast; the node finds out by trying, which takes longer. What
   * is for a node that cannot be reached goes by way of a member that can. Never throws.
   */
  reaches?(to: string): boolean;

  /** Closes it for good and leaves nothing behind: no timer, socket or listener. Twice is harmless. */
  close(): void | Promise<void>;
}
