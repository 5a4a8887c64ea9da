import { FrameQueue } from "../link/frame_queue.ts";
import type { HttpLink } from "./link.ts";
import type { HttpSession } from "./session.ts";

/** The bytes that may wait for one peer. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * Another node and the ways to reach it: by requests to it, and in the responses to its own requests.
 * Two servers have both ways; a peer that is not connected has none.
 */
export class HttpPeer {
  readonly id: string;
  /** The session of its own requests, if it makes any. */
  session: HttpSession | null = null;
  /** The requests to it, if there is an address for it. */
  link: HttpLink | null = null;
  readonly #queue = new FrameQueue(MAX_WAITING);
  #scheduled = false;

  /** Not connected yet. */
  constructor(id: string) {
    this.id = id;
  }

  /** Whether frames can be sent to it now. */
  get isConnected(): boolean {
    return this.session !== null || this.link?.isConnected === true;
  }

  /** Whether there is no way to it, and no attempt to make one is under way. */
  get isLost(): boolean {
    return this.session === null && (this.link === null || this.link.isWaiting);
  }

  /** Sends a frame, together with the others of this turn of the event loop. */
  send(frame: Uint8Array): void {
    if (this.isLost) return;
    this.#queue.push(frame);
    this.schedule();
  }

  /** Sends the waiting frames at the end of this turn: by then the node has answered the received ones. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /**
   * Sends the waiting frames now. Ways without an extra request come first: a request that must be made
   * anyway, because the peer has none to answer; then the response to a request of the peer.
   */
  flush(): void {
    this.#scheduled = false;
    if (this.isLost) this.#queue.clear();
    if (this.link?.mustPost) this.link.post(this.#queue);
    this.session?.answer(this.#queue);
    while (!this.#queue.isEmpty && this.link?.canPost) this.link.post(this.#queue);
  }

  /** Sends the waiting frames and the farewell. */
  async close(): Promise<void> {
    this.session?.answer(this.#queue);
    this.session?.end(503);
    await this.link?.close(this.#queue);
  }
}
