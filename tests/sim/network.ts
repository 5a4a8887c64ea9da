import { memoryNetwork } from "../../transports/memory.ts";
import type { Transport } from "../../transports/transport.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";

/** What a network does to frames. */
export interface NetworkProfile {
  /** The probability that a frame is lost. */
  readonly loss: number;
  /** The probability that it arrives once more. */
  readonly duplicate: number;
  /** How long most of them take, in milliseconds: any time between the two, so they overtake. */
  readonly delay: readonly [shortest: number, longest: number];
  /** The probability that one takes far longer: twice to 128 times as long. */
  readonly tail: number;
  /** The share of the links, each in one direction, that are up to thirty times as slow. */
  readonly slowLinks: number;
}

/** A network without faults. */
export const CALM: NetworkProfile = {
  loss: 0,
  duplicate: 0,
  delay: [0.2, 2],
  tail: 0,
  slowLinks: 0,
};

/** Sees each frame when it is sent, at `time` in virtual time, whatever becomes of it. */
export type FrameListener = (from: string, to: string, frame: Uint8Array, time: number) => void;

/** The network of a simulation: a `memoryNetwork` whose frames have a fate drawn from the seed. */
export class SimulatedNetwork {
  profile: NetworkProfile = CALM;
  readonly #simulation: Simulation;
  readonly #random: Random;
  readonly #listeners: FrameListener[] = [];
  readonly #links = new Map<string, { rank: number; factor: number }>();
  readonly #oneWayCuts = new Set<string>();
  readonly #memory = memoryNetwork({
    schedule: (deliver, from, to, frame) => this.#schedule(deliver, from, to, frame),
  });
  /** Who is sending right now: `from` could be two machines under one id. */
  #sender: Machine | null = null;
  readonly #open = new Set<Transport>();
  /** Frames that were sent, and how many of these were lost on the way. */
  readonly counts: { sent: number; lost: number } = { sent: 0, lost: 0 };

  constructor(simulation: Simulation, random: Random) {
    this.#simulation = simulation;
    this.#random = random;
  }

  /** Has `listener` see every frame from now on. */
  listen(listener: FrameListener): void {
    this.#listeners.push(listener);
  }

  /** How many transports are open. */
  get open(): number {
    return this.#open.size;
  }

  /** A transport for the node that runs on `machine`: it is silent when the machine is. */
  transport(machine: Machine): Transport {
    const inner = this.#memory.transport();
    return {
      open: (self, receive) => {
        this.#open.add(inner);
        return inner.open(self, (from, frame) => machine.run(() => receive(from, frame)));
      },
      send: (to, frame) => {
        if (machine.crashed) return;
        this.#sender = machine;
        inner.send(to, frame);
        this.#sender = null;
      },
      close: () => {
        this.#open.delete(inner);
        inner.close();
      },
    };
  }

  /** Cuts the network into groups; see `MemoryNetwork.partition`. */
  partition(groups: string[][]): void {
    this.#memory.partition(...groups);
  }

  /** From now on `to` hears nothing of `from`, while `from` may still hear `to`. */
  cutOneWay(from: string, to: string): void {
    this.#oneWayCuts.add(`${from}>${to}`);
  }

  /** Ends a cut of {@linkcode cutOneWay}. */
  mendOneWay(from: string, to: string): void {
    this.#oneWayCuts.delete(`${from}>${to}`);
  }

  /** Ends all cuts. */
  heal(): void {
    this.#memory.heal();
    this.#oneWayCuts.clear();
  }

  #schedule(deliver: () => void, from: string, to: string, frame: Uint8Array): void {
    const sent = this.#sender?.time ?? this.#simulation.time;
    for (const listener of this.#listeners) listener(from, to, frame, sent);
    this.counts.sent++;
    // Drawn always, and in one order: so a cut changes the fate of no frame that it does not touch.
    const lost = this.#random.chance(this.profile.loss);
    const doubled = this.#random.chance(this.profile.duplicate);
    const slowness = this.#slowness(from, to);
    const delays = [this.#delay() * slowness, this.#delay() * slowness];
    if (lost || this.#oneWayCuts.has(`${from}>${to}`)) {
      this.counts.lost++;
      return;
    }
    for (const delay of doubled ? delays : delays.slice(1)) {
      this.#simulation.at(sent + delay, () => {
        if (this.#oneWayCuts.has(`${from}>${to}`)) return; // as with `partition`: lost on the way
        deliver();
      });
    }
  }

  /** How many times as long as others a link takes; always the same one. */
  #slowness(from: string, to: string): number {
    const link = `${from}>${to}`;
    let drawn = this.#links.get(link);
    if (drawn === undefined) {
      const random = this.#random.fork(link);
      drawn = { rank: random.fraction(), factor: random.between(2, 30) };
      this.#links.set(link, drawn);
    }
    return drawn.rank < this.profile.slowLinks ? drawn.factor : 1;
  }

  #delay(): number {
    const delay = this.#random.between(...this.profile.delay);
    const tail = this.#random.chance(this.profile.tail);
    const factor = 2 ** this.#random.integer(1, 7);
    return tail ? delay * factor : delay;
  }
}
