import { FrameQueue } from "../link/frame_queue.ts";
import type { Connection } from "./connection.ts";

/** The bytes that may wait for one peer, in addition to those in flight. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * Another node and the connections to it: the one that it made to this node, and the one that this node
 * made to it.
 *
 * Two servers have both, and each server sends on the connection that it accepted: in Deno only the
 * connecting side is sometimes slow (see `PieceSize`), and other runtimes show no difference.
 */
export class WebSocketPeer {
  readonly id: string;
  /** The connection that the peer made. */
  accepted: Connection | null = null;
  /** The connection that this node made. */
  dialled: Connection | null = null;
  /** Whether this node is connecting to the peer; frames wait for that connection. */
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

  /** Whether there is no connection to it, and none is being made. */
  get isLost(): boolean {
    return !this.isConnected && !this.isExpected;
  }

  /** Sends a frame, together with the others of this turn of the event loop. */
  send(frame: Uint8Array): void {
    if (this.isLost) return;
    this.#queue.push(frame);
    this.schedule();
  }

  /**
   * Sends the waiting frames at the end of this turn: by then the node has answered the received ones, and
   * the answers carry the acknowledgement.
   */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends the waiting frames now. */
  flush(): void {
    this.#scheduled = false;
    (this.accepted ?? this.dialled)?.send(this.#queue);
    this.accepted?.answer();
    this.dialled?.answer();
    if (this.isLost) this.#queue.clear();
  }

  /** Must be called when a connection has ended. */
  lose(connection: Connection): void {
    if (this.accepted === connection) this.accepted = null;
    if (this.dialled === connection) this.dialled = null;
    this.schedule();
  }

  /** Must be called at regular intervals. */
  beat(): void {
    this.accepted?.beat();
    this.dialled?.beat();
  }

  /** Sends the waiting frames, and ends both connections. */
  close(code: number, reason: string): void {
    this.flush();
    this.accepted?.close(code, reason);
    this.dialled?.close(code, reason);
  }
}
