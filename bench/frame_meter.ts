import type { Transport } from "../transports/transport.ts";
import { median } from "./figures.ts";
import type { FrameSizes } from "./floor.ts";

/** Sizes of the frames to and from one peer during one operation, in the order of time. */
interface Exchange {
  readonly sent: number[];
  readonly received: number[];
}

/** Measures the frames of an operation, so that the floor can send frames of the same size. */
export class FrameMeter implements Transport {
  readonly #inner: Transport;
  readonly #peer: string;
  #exchanges: Exchange[] | null = null;

  /** Wraps `inner`, and measures the frames between this node and `peer`. */
  constructor(inner: Transport, peer: string) {
    this.#inner = inner;
    this.#peer = peer;
  }

  /** Starts measuring the frames of each operation. */
  start(): void {
    this.#exchanges = [];
  }

  /** Marks the beginning of another operation. */
  begin(): void {
    this.#exchanges?.push({ sent: [], received: [] });
  }

  /** Stops measuring; returns the median sizes of the frames of the first `roundTrips` round trips. */
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

/** An answer that was not needed may have come during a later operation, so sizes may be missing. */
function usual(sizes: readonly (number | undefined)[]): number {
  return median(sizes.filter((size) => size !== undefined));
}
