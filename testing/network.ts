import { memoryNetwork } from "../transports/memory.ts";
import type { GuestTransport, LineUser } from "../transports/guest_line.ts";
import type { Transport } from "../transports/transport.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";

/** The properties of a network. */
export interface NetworkProfile {
  /** The probability that a frame is lost. */
  readonly loss: number;
  /** The probability that a frame arrives twice. */
  readonly duplicate: number;
  /** The range of the usual delay, in milliseconds; delays are random, so frames overtake each other. */
  readonly delay: readonly [shortest: number, longest: number];
  /** The probability that a frame takes 2 to 128 times as long. */
  readonly tail: number;
  /** The share of links, each in one direction, that are 2 to 30 times as slow. */
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

/** The longest time that a lost packet delays a guest's frame, in milliseconds: it is sent again. */
const RESENT = 300;

/** Whether this is the name of a guest. */
export function isGuest(name: string): boolean {
  return name.startsWith("~");
}

/** Called with each frame that a guest sends, by its name, and its life. */
export type GuestListener = (name: string, life: string, frame: Uint8Array) => void;

/** Called with each frame when it is sent, at the virtual time `time`, even if the frame is lost. */
export type FrameListener = (from: string, to: string, frame: Uint8Array, time: number) => void;

/** The network of a simulation: a `memoryNetwork` that draws the delivery of frames from the seed. */
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
  readonly #guestListeners: GuestListener[] = [];
  /** The machines that are open under each name, the oldest first. */
  readonly #machines = new Map<string, Machine[]>();
  /** The machine that is sending right now: `from` may be the id of two machines. */
  #sender: Machine | null = null;
  readonly #open = new Set<Transport>();
  /** The number of sent frames, and of the lost ones among them. */
  readonly counts: { sent: number; lost: number } = { sent: 0, lost: 0 };

  constructor(simulation: Simulation, random: Random) {
    this.#simulation = simulation;
    this.#random = random;
  }

  /** Calls `listener` with every frame from now on. */
  listen(listener: FrameListener): void {
    this.#listeners.push(listener);
  }

  /** Calls `listener` with every frame of a guest from now on. */
  listenToGuests(listener: GuestListener): void {
    this.#guestListeners.push(listener);
  }

  /** The number of open transports. */
  get open(): number {
    return this.#open.size;
  }

  /** A transport for the node on `machine`: it delivers nothing while the machine does not run. */
  transport(machine: Machine): Transport {
    const inner = this.#memory.transport();
    let name: string | undefined;
    return {
      open: (self, receive, report, user) => {
        this.#open.add(inner);
        this.#begins(name = self, machine);
        const run = (from: string, frame: Uint8Array) => machine.run(() => receive(from, frame));
        // Without guests nothing of it is needed.
        return inner.open(
          self,
          run,
          report,
          user?.guests && { guests: user.guests } as typeof user,
        );
      },
      send: (to, frame) => {
        if (machine.crashed) return;
        this.#sender = machine;
        inner.send(to, frame);
        this.#sender = null;
      },
      close: () => {
        this.#open.delete(inner);
        if (name !== undefined) this.#ends(name, machine);
        inner.close();
      },
    };
  }

  /** Connections for the guest `name` on `machine`: streams, so nothing is lost in them unless they are cut. */
  guests(machine: Machine, name: string, servers: readonly string[]): GuestTransport {
    const inner = this.#memory.guests(servers);
    this.#begins(name, machine);
    const alive = <A extends unknown[]>(call: (...args: A) => void) => (...args: A) => {
      if (!machine.crashed) call(...args);
    };
    return {
      ...inner,
      connect: (server, guest, user) => {
        const heard: LineUser = {
          opened: alive(() => user.opened()),
          received: alive((frame) => user.received(frame)),
          ended: alive((end) => user.ended(end)),
          ask: () => user.ask(),
        };
        const line = inner.connect(server, guest, heard);
        return {
          send: (frame) => {
            if (machine.crashed) return;
            for (const listener of this.#guestListeners) listener(name, guest.life, frame);
            line.send(frame);
          },
          expect: (isExpecting) => line.expect(isExpecting),
          close: (farewell) => line.close(farewell),
        };
      },
    };
  }

  #begins(name: string, machine: Machine): void {
    const machines = this.#machines.get(name);
    if (machines === undefined) this.#machines.set(name, [machine]);
    else machines.push(machine);
  }

  #ends(name: string, machine: Machine): void {
    const left = this.#machines.get(name)?.filter((one) => one !== machine) ?? [];
    this.#machines.set(name, left);
  }

  /** Partitions the network into groups; see `MemoryNetwork.partition`. */
  partition(groups: string[][]): void {
    this.#memory.partition(...groups);
  }

  /** From now on `to` receives nothing from `from`; `from` may still receive from `to`. */
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
    if (isGuest(from) || isGuest(to)) return this.#scheduleLine(deliver, from, to, frame);
    const sent = this.#sender?.time ?? this.#simulation.time;
    for (const listener of this.#listeners) listener(from, to, frame, sent);
    this.counts.sent++;
    // Always drawn, and in one order: so a cut does not change the delivery of other frames.
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
        if (this.#oneWayCuts.has(`${from}>${to}`)) return; // as with `partition`: lost in flight
        deliver();
      });
    }
  }

  /** As a stream does it: a lost packet is sent again, and nothing arrives twice. */
  #scheduleLine(deliver: () => void, from: string, to: string, frame: Uint8Array): void {
    const [sender, receiver] = [this.#machineOf(from), this.#machineOf(to)];
    const sent = sender?.time ?? this.#simulation.time;
    for (const listener of this.#listeners) listener(from, to, frame, sent);
    this.counts.sent++;
    const lost = this.#random.chance(this.profile.loss);
    const delay = this.#delay() * this.#slowness(from, to) +
      (lost ? this.#random.between(0, RESENT) : 0);
    const isCut = () => this.#oneWayCuts.has(`${from}>${to}`);
    if (isCut()) {
      this.counts.lost++;
      return;
    }
    this.#simulation.at(sent + delay, () => {
      if (!isCut()) receiver?.run(deliver);
    });
  }

  /** The machine that speaks under this name: of two members of one id guests meet the older one. */
  #machineOf(name: string): Machine | undefined {
    const machines = this.#machines.get(name) ?? [];
    return isGuest(name) ? machines.at(-1) : machines[0];
  }

  /** The delay factor of a link; constant for each link. */
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
