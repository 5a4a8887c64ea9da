import type { Transport } from "../transports/transport.ts";
import { median } from "./figures.ts";
import type { FrameSizes } from "./floor.ts";

/** What went to one peer and came from it, in the order of time, since an operation began. */
interface Exchange {
  readonly sent: number[];
  readonly received: number[];
}

/** Finds out how large the frames of an operation are, for the floor to send just as large ones. */
export class FrameMeter implements Transport {
  readonly #inner: Transport;
  readonly #peer: string;
  #exchanges: Exchange[] | null = null;

  /** Uses `inner`, and looks at what is said between this node and `peer`. */
  constructor(inner: Transport, peer: string) {
    this.#inner = inner;
    this.#peer = peer;
  }

  /** From now on the frames of each operation are looked at. */
  start(): void {
    this.#exchanges = [];
  }

  /** Another operation begins. */
  begin(): void {
    this.#exchanges?.push({ sent: [], received: [] });
  }

  /** Looks no longer; gives the usual sizes of the frames of so many round trips. */
  stop(roundTrips: number): FrameSizes[] {
    const exchanges = this.#exchanges ?? [];
    this.#exchanges = null;
    return Array.from({ length: roundTrips }, (_, index) => ({
      question: usual(exchanges.map(({ sent }) => sent[index])),
      answer: usual(exchanges.map(({ received }) => received[index])),
    }));
  }

  open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
  ): void | Promise<void> {
    return this.#inner.open(self, (from, frame) => {
      if (from === this.#peer) this.#exchanges?.at(-1)?.received.push(frame.length);
      receive(from, frame);
    });
  }

  send(to: string, frame: Uint8Array): void {
    if (to === this.#peer) this.#exchanges?.at(-1)?.sent.push(frame.length);
    this.#inner.send(to, frame);
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }
}

/** Where the answer of this peer was not needed, it may have come with a later operation. */
function usual(sizes: readonly (number | undefined)[]): number {
  return median(sizes.filter((size) => size !== undefined));
}
