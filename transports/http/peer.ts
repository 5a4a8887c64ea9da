import { FrameQueue } from "../link/frame_queue.ts";
import type { Link } from "./link.ts";
import type { Session } from "./session.ts";

/** How many bytes may wait for one peer. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * Another node, and how it is reached: by requests to it, in the responses to its own, or not now.
 * Between two servers there are both.
 */
export class Peer {
  readonly id: string;
  /** Who it is, if it has sent requests of its own. */
  session: Session | null = null;
  /** The requests to it, if there is an address for it. */
  link: Link | null = null;
  readonly #queue = new FrameQueue(MAX_WAITING);
  #scheduled = false;

  /** Not connected yet. */
  constructor(id: string) {
    this.id = id;
  }

  /** Whether something can be said to it. */
  get isConnected(): boolean {
    return this.session !== null || this.link?.isConnected === true;
  }

  /** Whether there is no way to it, and none is being looked for. */
  get isLost(): boolean {
    return this.session === null && (this.link === null || this.link.isWaiting);
  }

  /** Sends a frame with what else is sent in this turn of the event loop. */
  send(frame: Uint8Array): void {
    if (this.isLost) return;
    this.#queue.push(frame);
    this.schedule();
  }

  /** Sends what waits at the end of this turn: by then the node has answered what came in. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /**
   * Sends what waits, now. What costs no request of its own comes first: a request that must be made
   * anyway, because the peer needs one to answer; then the response to one of the peer's.
   */
  flush(): void {
    this.#scheduled = false;
    if (this.isLost) this.#queue.clear();
    if (this.link?.mustPost) this.link.post(this.#queue);
    this.session?.answer(this.#queue);
    while (!this.#queue.isEmpty && this.link?.canPost) this.link.post(this.#queue);
  }

  /** Sends what waits, and says farewell. */
  async close(): Promise<void> {
    this.session?.answer(this.#queue);
    this.session?.end(503);
    await this.link?.close(this.#queue);
  }
}
