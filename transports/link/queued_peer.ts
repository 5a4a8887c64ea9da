import { FrameQueue } from "./frame_queue.ts";

/** The bytes that may wait for one peer, in addition to those in flight. */
const MAX_WAITING = 4 * 1024 * 1024;

/** Another node, and the frames that wait for it. */
export abstract class QueuedPeer {
  /** The id of the node. */
  readonly id: string;
  /** The frames that wait. */
  protected readonly queue: FrameQueue = new FrameQueue(MAX_WAITING);
  #scheduled = false;

  /** Not connected yet. */
  constructor(id: string) {
    this.id = id;
  }

  /** Whether frames can be sent to it now. */
  abstract get isConnected(): boolean;

  /** Whether there is no way to it, and no attempt to make one is under way; then no frame waits for it. */
  abstract get isLost(): boolean;

  /** Sends the waiting frames, as far as they can be sent now. */
  protected abstract write(): void;

  /** Sends a frame, together with the others of this turn of the event loop. */
  send(frame: Uint8Array): void {
    if (this.isLost) return;
    this.queue.push(frame);
    this.schedule();
  }

  /** Sends the waiting frames at the end of this turn: by then the node has answered the received ones. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends the waiting frames now. */
  flush(): void {
    this.#scheduled = false;
    if (this.isLost) this.queue.clear();
    this.write();
  }
}
