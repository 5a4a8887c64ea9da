import { QueuedPeer } from "../link/queued_peer.ts";
import type { Connection } from "./connection.ts";

/**
 * Another node and the connections to it: the one that it made to this node, and the one that this node
 * made to it.
 *
 * Two servers have both, and each server sends on the connection that it accepted: in Deno only the
 * connecting side is sometimes slow (see `PieceSize`), and other runtimes show no difference.
 */
export class WebSocketPeer extends QueuedPeer {
  /** The connection that the peer made. */
  accepted: Connection | null = null;
  /** The connection that this node made. */
  dialled: Connection | null = null;
  /** Whether this node is connecting to the peer; frames wait for that connection. */
  isExpected = false;

  /** Whether there is a connection to it. */
  override get isConnected(): boolean {
    return this.accepted !== null || this.dialled !== null;
  }

  /** Whether there is no connection to it, and none is being made. */
  override get isLost(): boolean {
    return !this.isConnected && !this.isExpected;
  }

  /** The connection for frames: one whose other side answers, if there is one. */
  get #best(): Connection | null {
    const [accepted, dialled] = [this.accepted, this.dialled];
    if (accepted === null || dialled === null) return accepted ?? dialled;
    return accepted.isSilent && !dialled.isSilent ? dialled : accepted;
  }

  /** Sends the waiting frames; they carry the acknowledgement of the received ones. */
  protected override write(): void {
    this.#best?.send(this.queue);
    this.accepted?.answer();
    this.dialled?.answer();
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

  /** Must be called at regular intervals, several for each beat. */
  look(): void {
    this.accepted?.look();
    this.dialled?.look();
  }

  /** Asks the other side for an answer on both connections. */
  ask(): void {
    this.accepted?.ask();
    this.dialled?.ask();
  }

  /** Sends the waiting frames, and ends both connections. */
  close(code: number, reason: string): void {
    this.flush();
    this.accepted?.close(code, reason);
    this.dialled?.close(code, reason);
  }
}
