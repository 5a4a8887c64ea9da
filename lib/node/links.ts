import type { Transport } from "../../transports/transport.ts";

/** After so many peers the oldest is forgotten: it is sent to on every transport then. */
const MAX_PEERS = 10_000;

/**
 * The transports of one node. Each peer is sent to on the transport on which it was heard last, and on
 * all of them before it was heard.
 */
export class Links {
  readonly #self: string;
  readonly #transports: readonly Transport[];
  readonly #heardOn = new Map<string, Transport>();

  /** Opens nothing yet. */
  constructor(self: string, transports: readonly Transport[]) {
    this.#self = self;
    this.#transports = transports;
  }

  /** Opens all; `receive` is called with each frame. */
  async open(receive: (from: string, frame: Uint8Array) => void): Promise<void> {
    for (const transport of this.#transports) {
      await transport.open(this.#self, (from, frame) => {
        this.#heard(from, transport);
        receive(from, frame);
      });
    }
  }

  /** Sends a frame to one peer. */
  send(to: string, frame: Uint8Array): void {
    const transport = this.#heardOn.get(to);
    if (transport !== undefined) transport.send(to, frame);
    else for (const transport of this.#transports) transport.send(to, frame);
  }

  /** Closes all; never rejects. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#transports.map(async (transport) => await transport.close()));
  }

  #heard(from: string, transport: Transport): void {
    if (this.#heardOn.get(from) === transport) return;
    this.#heardOn.delete(from);
    this.#heardOn.set(from, transport);
    for (const oldest of this.#heardOn.keys()) {
      if (this.#heardOn.size <= MAX_PEERS) break;
      this.#heardOn.delete(oldest);
    }
  }
}
