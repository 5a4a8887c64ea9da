import type { Transport } from "../transports/transport.ts";

/** The sizes of a question and its answer, in bytes. */
export interface FrameSizes {
  readonly question: number;
  readonly answer: number;
}

/** One round trip: it is over after this number of answers. */
export interface RoundTrip extends FrameSizes {
  readonly answers: number;
}

/** Size of a question's header in bytes: its number, and the requested size of the answer. */
const HEADER = 8;

/** Answers every question with a frame of the requested size, and does nothing else. */
export async function openEcho(transport: Transport, self: string): Promise<void> {
  await transport.open(self, (from, frame) => {
    const answer = new Uint8Array(headerOf(frame).getUint32(4));
    answer.set(frame.subarray(0, HEADER));
    transport.send(from, answer);
  });
}

/**
 * Time after which questions without an answer are asked again, in milliseconds: a `BroadcastChannel` of Deno loses
 * messages to a receiver that falls behind. Longer than any round trip.
 */
const ASK_AGAIN = 1_000;

/**
 * The floor of every operation: round trips over the bare transport, without a protocol. A quorum of three is this node
 * and the first of the two others to answer.
 */
export class Floor {
  readonly #transport: Transport;
  readonly #peers: readonly string[];
  readonly #waiting = new Map<number, (from: string) => void>();
  /** The questions of round trips under way, each with its sizes. */
  readonly #asked = new Map<number, FrameSizes>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = 0;

  /** Asks `peers`, each of which runs {@linkcode openEcho}. */
  constructor(transport: Transport, peers: readonly string[]) {
    this.#transport = transport;
    this.#peers = peers;
  }

  /** Opens the transport. */
  async open(self: string): Promise<void> {
    // One timer for all: those of the questions would be part of what is measured.
    this.#timer = setInterval(() => {
      for (const [id, sizes] of this.#asked) this.#askAll(id, sizes);
    }, ASK_AGAIN);
    await this.#transport.open(self, (from, frame) => {
      // An answer that is not awaited comes late.
      this.#waiting.get(headerOf(frame).getUint32(0))?.(from);
    });
  }

  /** One round trip after the other. */
  async run(roundTrips: readonly RoundTrip[]): Promise<void> {
    for (const one of roundTrips) await this.#roundTrip(one);
  }

  /** Resolves when all peers answer: some transports take a while to connect. */
  async reached(): Promise<void> {
    const answered = new Set<string>();
    while (answered.size < this.#peers.length) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const peer of this.#peers) {
        const id = ++this.#last;
        this.#waiting.set(id, () => {
          this.#waiting.delete(id);
          answered.add(peer);
        });
        this.#ask(peer, id, { question: HEADER, answer: HEADER });
      }
    }
  }

  /** Closes the transport. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#transport.close();
  }

  #roundTrip({ answers, ...sizes }: RoundTrip): Promise<void> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#asked.set(id, sizes);
      // A peer that is asked again may answer twice.
      const answered = new Set<string>();
      this.#waiting.set(id, (from) => {
        if (answered.add(from).size < answers) return;
        this.#waiting.delete(id);
        this.#asked.delete(id);
        resolve();
      });
      this.#askAll(id, sizes);
    });
  }

  #askAll(id: number, sizes: FrameSizes): void {
    for (const peer of this.#peers) this.#ask(peer, id, sizes);
  }

  #ask(peer: string, id: number, { question, answer }: FrameSizes): void {
    const frame = new Uint8Array(Math.max(HEADER, question));
    const header = headerOf(frame);
    header.setUint32(0, id);
    header.setUint32(4, Math.max(HEADER, answer));
    this.#transport.send(peer, frame);
  }
}

function headerOf(frame: Uint8Array): DataView {
  return new DataView(frame.buffer, frame.byteOffset, HEADER);
}
