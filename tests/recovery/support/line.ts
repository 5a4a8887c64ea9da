import type { Transport } from "../../../mod.ts";

/**
 * The line between one life of a node and the network: a test can cut it, observe it, and choose which frames
 * arrive. Other lives of the same node have lines of their own.
 */
export class Line implements Transport {
  /** Whether the line is cut in both directions. */
  isCut = false;
  /** Called with each frame that leaves. */
  onSend: (to: string, frame: Uint8Array) => void = () => {};
  /** Whether an arriving frame is handed on; otherwise it is lost. */
  hears: (from: string, frame: Uint8Array) => boolean = () => true;
  /** Whether a frame that leaves is sent; otherwise it is lost. */
  reaches: (to: string) => boolean = () => true;
  readonly #inner: Transport;

  /** A line to the network that `inner` belongs to. */
  constructor(inner: Transport) {
    this.#inner = inner;
  }

  open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
  ): void | Promise<void> {
    return this.#inner.open(self, (from, frame) => {
      if (!this.isCut && this.hears(from, frame)) receive(from, frame);
    });
  }

  send(to: string, frame: Uint8Array): void {
    if (this.isCut || !this.reaches(to)) return;
    this.onSend(to, frame);
    this.#inner.send(to, frame);
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }
}
