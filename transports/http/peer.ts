import { QueuedPeer } from "../link/queued_peer.ts";
import type { HttpLink } from "./link.ts";
import type { HttpSession } from "./session.ts";

/**
 * Another node and the ways to reach it: by requests to it, and in the responses to its own requests.
 * Two servers have both ways; a peer that is not connected has none.
 */
export class HttpPeer extends QueuedPeer {
  /** The session of its own requests, if it makes any. */
  session: HttpSession | null = null;
  /** The requests to it, if there is an address for it. */
  link: HttpLink | null = null;

  /** Whether frames can be sent to it now. */
  override get isConnected(): boolean {
    return this.session !== null || this.link?.isConnected === true;
  }

  /** Whether there is no way to it, and no attempt to make one is under way. */
  override get isLost(): boolean {
    return this.session === null && (this.link === null || this.link.isWaiting);
  }

  /**
   * Sends the waiting frames. Ways without an extra request come first: a request that must be made
   * anyway, because the peer has none to answer; then the response to a request of the peer.
   */
  protected override write(): void {
    if (this.link?.mustPost) this.link.post(this.queue);
    this.session?.answer(this.queue);
    while (!this.queue.isEmpty && this.link?.canPost) this.link.post(this.queue);
  }

  /** Sends the waiting frames and the farewell. */
  async close(): Promise<void> {
    this.session?.answer(this.queue);
    this.session?.end(503);
    await this.link?.close(this.queue);
  }
}
