import type { GuestReception } from "./guests.ts";

/** What transports may use of their node. */
export interface TransportUser {
  /**
   * The time that the node's session outlives its last renewal, in milliseconds. A transport must detect
   * and replace a dead connection within that time.
   */
  readonly sessionTtl: number;
  /** The ids of the members: a transport must not let a node without the secret speak for one of them. */
  readonly members: readonly string[];
  /** The node's life: the id of its present start. It may take a new one. A node always gives this. */
  life?(): string;
  /**
   * To be called at the moment at which the platform proves that the process of `life` runs no more; or, with
   * the node's own life, when others may take it for ended: the node closes. A node always gives this.
   */
  ended?(life: string): void;
  /** Whether the node has closed: it owns nothing any more. A node always gives this. */
  isClosed?(): boolean;
  /**
   * To be called when a way to `peer` was made, or made again: the node sends at once what waits for it. A node
   * always gives this.
   */
  reached?(peer: string): void;
  /**
   * To be called when an attempt to connect to `peer` has failed, or takes long; `why` is for people, names the
   * address, and contains no secret. A node always gives this.
   */
  failed?(peer: string, why: string): void;
  /** Takes the guests that the transport's routes let in; without it no guest is let in. */
  readonly guests?: GuestReception;
}

/**
 * Carries frames between the nodes of a cluster. The contract is deliberately weak: the protocol stays
 * safe if frames are lost, duplicated, delayed or reordered. A frame must not be changed, and must not be
 * attributed to a node that did not send it.
 *
 * Every implementation passes the shared suite in `tests/transports/suite.ts`.
 */
export interface Transport {
  /**
   * Opens the transport for the node `self`. From now on `receive` is called with the id of a peer and
   * each frame that it sends to `self` or to all; the receiver owns the bytes. If the node is behind, `receive` returns
   * a promise: a transport that can should take no more from that peer until it resolves. Opening twice, or after
   * `close`, rejects. The transport survives exceptions of `receive`. A node never receives its own frames.
   * `report` is called with errors that no call returns, such as a refused proof. `user` is the settings
   * of the node that the transport may need.
   */
  open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void | Promise<void>,
    report?: (error: Error) => void,
    user?: TransportUser,
  ): void | Promise<void>;

  /**
   * Sends one frame to one peer, or with `"*"` to all peers. Never throws and never waits: before `open`,
   * after `close`, or to an unreachable peer, the frame is lost. An empty frame may be lost, too. The
   * caller may reuse the bytes as soon as this returns.
   */
  send(to: string | "*", frame: Uint8Array): void;

  /**
   * Whether there is a connection to `to` at this moment; without one `send` loses the frame. A transport
   * that cannot know it, such as a broadcast, has no `reaches`; the node then finds out by trying, which
   * takes longer. Frames for an unreachable node go through a member that reaches it. Never throws.
   */
  reaches?(to: string): boolean;

  /**
   * The node has heard from `peer` by another way, or has heard that it has restarted, so the way of this transport may
   * be open again. A transport that waits before it tries to connect tries now. Called at most once a second for each
   * peer, and once for each restart. Never throws.
   */
  hint?(peer: string): void;

  /**
   * The members have changed: `members` of the user of `open` are the present ones. A transport that finds its peers by
   * them connects to the new ones. Never throws.
   */
  membersChanged?(): void;

  /** Closes the transport for good. No timer, socket or listener is left. Closing twice is harmless. */
  close(): void | Promise<void>;
}
