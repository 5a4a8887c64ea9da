import { FrameQueue } from "../link/frame_queue.ts";
import type { Connection } from "./connection.ts";

/** How many bytes may wait for one peer, besides what is on its way. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * Another node, and how it is reached: over the connection that it made to here, over the one that was
 * made to it, or not now.
 *
 * Between two servers there are both, and each sends on the one that it accepted: in Deno only the side
 * that connected is slow at times, and elsewhere it makes no difference.
 */
export class Peer {
  readonly id: string;
  /** The connection that the peer made. */
  accepted: Connection | null = null;
  /** The connection that was made to the peer. */
  dialled: Connection | null = null;
  /** Whether the latter is being made right now: then frames wait for it. */
  isExpected = false;
  readonly #queue = new FrameQueue(MAX_WAITING);
  #scheduled = false;

  /** Not connected yet. */
  constructor(id: string) {
    this.id = id;
  }

  /** Whether there is a connection to it. */
  get isConnected(): boolean {
    return this.accepted !== null || this.dialled !== null;
  }

  /** Whether there is no way to it, and none is being made. */
  get isLost(): boolean {
    return !this.isConnected && !this.isExpected;
  }

  /** Sends a frame with what else is sent in this turn of the event loop. */
  send(frame: Uint8Array): void {
    if (this.isLost) return;
    this.#queue.push(frame);
    this.schedule();
  }

  /**
   * Sends what waits at the end of this turn: by then the node has answered what came in, and the answer
   * takes the acknowledgement along.
   */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends what waits, now. */
  flush(): void {
    this.#scheduled = false;
    (this.accepted ?? this.dialled)?.send(this.#queue);
    this.accepted?.answer();
    this.dialled?.answer();
    if (this.isLost) this.#queue.clear();
  }

  /** Takes note that this connection has ended. */
  lose(connection: Connection): void {
    if (this.accepted === connection) this.accepted = null;
    if (this.dialled === connection) this.dialled = null;
    this.schedule();
  }

  /** Called in regular intervals. */
  beat(): void {
    this.accepted?.beat();
    this.dialled?.beat();
  }

  /** Sends what waits, and ends both connections. */
  close(code: number, reason: string): void {
    this.flush();
    this.accepted?.close(code, reason);
    this.dialled?.close(code, reason);
  }
}
