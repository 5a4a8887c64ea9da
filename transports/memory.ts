import { type OptionNames, refuseUnknown } from "../lib/options.ts";
import { show } from "../lib/show.ts";
import type { GuestTransport } from "./guest_line.ts";
import { type GuestNetwork, memoryGuests } from "./memory_guests.ts";
import type { GuestReception } from "./guests.ts";
import type { Transport, TransportUser } from "./transport.ts";

export type { GuestIdentity, GuestTransport, Line, LineEnd, LineUser } from "./guest_line.ts";
export type { GuestClose, GuestLine, GuestPort, GuestProof, GuestReception } from "./guests.ts";
export type { Transport, TransportUser } from "./transport.ts";

/**
 * Decides the delivery of one frame: calls `deliver` later, once, never, or several times. It must not
 * call `deliver` before it returns (a `send` never runs the receiver's code), must not change `frame`,
 * and must not throw.
 */
export type Schedule = (
  deliver: () => void,
  from: string,
  to: string,
  frame: Uint8Array,
) => void;

/** Options of {@linkcode memoryNetwork}. */
export interface MemoryNetworkOptions {
  /**
   * Decides, for each frame and each receiver, when and how often the frame arrives. For tests that lose,
   * duplicate, delay or reorder frames. Default: each frame arrives once, in the order of sending, in a
   * later task of the event loop.
   */
  schedule?: Schedule;
}

const NAMES: OptionNames<MemoryNetworkOptions> = { schedule: true };

/** A network inside one process; made by {@linkcode memoryNetwork}. */
export interface MemoryNetwork {
  /**
   * A transport on this network, for one node. Two transports that are opened with the same node id both
   * work and both receive, as with BroadcastChannel: a transport never receives its own frames, but
   * the other one receives the frames that it sends to that id or to all.
   */
  transport(): Transport;
  /**
   * Connections for guests: `connect({ id, transport: network.guests(["w1", "w2"]) })`. `servers` are the ids of
   * the nodes that they connect to, `claims` those of the guest's token. In partitions the guest `x` is `~x`.
   */
  guests(servers: readonly string[], claims?: Readonly<Record<string, unknown>>): GuestTransport;
  /**
   * Partitions the network: nodes of different groups receive no frames from each other. All nodes that
   * are in no group form one more group. Replaces an earlier partition. A frame is lost if sender and
   * receiver are apart when it is sent, or when it would arrive. So a frame in flight is lost if a
   * partition begins before its arrival and lasts until then, and arrives if the partition heals in time.
   *
   * @throws {TypeError} If a group is not an array of node ids, or two groups share a node.
   */
  partition(...groups: string[][]): void;
  /** Ends the partition: all nodes reach each other again. Lost frames stay lost. */
  heal(): void;
}

/**
 * Makes a network in the memory of one process: for tests, for simulation, and for a cluster inside one
 * program. Frames are copied, so sender and receiver never share bytes.
 *
 * @example
 * ```ts
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const network = memoryNetwork();
 * const [a, b] = [network.transport(), network.transport()];
 * const heard = new Promise<string>((resolve) => {
 *   b.open("b", (from, frame) => resolve(`${from}: ${new TextDecoder().decode(frame)}`));
 * });
 * a.open("a", () => {});
 * network.partition(["a"], ["b"]);
 * a.send("b", new TextEncoder().encode("lost"));
 * network.heal();
 * a.send("b", new TextEncoder().encode("hello"));
 * if (await heard !== "a: hello") throw new Error("unreachable");
 * a.close();
 * b.close();
 * ```
 *
 * @throws {TypeError} If an option is of the wrong type.
 */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`memoryNetwork: options must be an object, received ${show(options)}`);
  }
  refuseUnknown("memoryNetwork", options, NAMES);
  const { schedule } = options;
  if (schedule !== undefined && typeof schedule !== "function") {
    throw new TypeError(`memoryNetwork: schedule must be a function, received ${show(schedule)}`);
  }
  return new InMemoryNetwork(schedule);
}

class InMemoryNetwork implements MemoryNetwork, GuestNetwork {
  readonly #open = new Set<MemoryTransport>();
  readonly #schedule: Schedule;
  /** Whether frames arrive in later tasks of the event loop, since nothing else decides it. */
  readonly #hasTasks: boolean;
  /** The index of the group of each node named in the partition; other nodes share the group `undefined`. */
  #groups: ReadonlyMap<string, number> = new Map();
  #tasks: TaskQueue | null = null;

  constructor(schedule: Schedule | undefined) {
    this.#hasTasks = schedule === undefined;
    this.#schedule = schedule ?? ((deliver) => this.#tasks?.add(deliver));
  }

  transport(): Transport {
    return new MemoryTransport(this);
  }

  guests(
    servers: readonly string[],
    claims: Readonly<Record<string, unknown>> = {},
  ): GuestTransport {
    return memoryGuests(this, servers, claims);
  }

  reception(server: string): GuestReception | undefined {
    for (const { self, guests } of this.#open) if (self === server) return guests;
  }

  schedule(deliver: () => void, from: string, to: string, frame: Uint8Array): void {
    if (this.#apart(from, to)) return;
    this.#schedule(
      () => {
        if (!this.#apart(from, to) && this.#isThere(from) && this.#isThere(to)) deliver();
      },
      from,
      to,
      frame,
    );
  }

  /** Whether a guest or an open node has this name. */
  #isThere(name: string): boolean {
    if (name.startsWith("~")) return true;
    for (const { self } of this.#open) if (self === name) return true;
    return false;
  }

  partition(...groups: string[][]): void {
    const next = new Map<string, number>();
    groups.forEach((group, index) => {
      if (!Array.isArray(group)) {
        throw new TypeError(
          `partition: a group must be an array of node ids, received ${show(group)}`,
        );
      }
      for (const id of group) {
        if (typeof id !== "string") {
          throw new TypeError(`partition: a node id must be a string, received ${show(id)}`);
        }
        if (next.has(id) && next.get(id) !== index) {
          throw new TypeError(`partition: node ${show(id)} is in two groups`);
        }
        next.set(id, index);
      }
    });
    this.#groups = next;
  }

  heal(): void {
    this.#groups = new Map();
  }

  add(transport: MemoryTransport): void {
    this.#open.add(transport);
    if (this.#hasTasks) this.#tasks ??= new TaskQueue();
  }

  remove(transport: MemoryTransport): void {
    this.#open.delete(transport);
    if (this.#open.size > 0) return;
    this.#tasks?.close();
    this.#tasks = null;
  }

  send(sender: MemoryTransport, to: string, frame: Uint8Array): void {
    for (const receiver of this.#open) {
      if (receiver === sender || (to !== "*" && to !== receiver.self)) continue;
      if (this.#apart(sender.self, receiver.self)) continue;
      // The caller may reuse its bytes as soon as this returns, and each receiver owns its own.
      const copy = frame.slice();
      const deliver = () => {
        if (this.#open.has(receiver) && !this.#apart(sender.self, receiver.self)) {
          // A schedule may deliver it several times.
          receiver.receive(sender.self, this.#hasTasks ? copy : copy.slice());
        }
      };
      this.#schedule(deliver, sender.self, receiver.self, copy);
    }
  }

  #apart(a: string, b: string): boolean {
    return this.#groups.get(a) !== this.#groups.get(b);
  }
}

class MemoryTransport implements Transport {
  self = "";
  receive: (from: string, frame: Uint8Array) => void = () => {};
  guests: GuestReception | undefined;
  readonly #network: InMemoryNetwork;
  #state: "new" | "open" | "closed" = "new";

  constructor(network: InMemoryNetwork) {
    this.#network = network;
  }

  // deno-lint-ignore require-await -- misuse rejects, as with every other transport
  async open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    _report?: (error: Error) => void,
    user?: TransportUser,
  ): Promise<void> {
    if (typeof self !== "string" || self === "" || self === "*") {
      throw new TypeError(`open: self must be a node id, received ${show(self)}`);
    }
    if (typeof receive !== "function") {
      throw new TypeError(`open: receive must be a function, received ${show(receive)}`);
    }
    if (this.#state !== "new") {
      const why = this.#state === "open" ? "is open already" : "was closed";
      throw new TypeError(`open: this transport ${why}, and opens only once`);
    }
    this.#state = "open";
    this.self = self;
    this.receive = receive;
    this.guests = user?.guests;
    this.#network.add(this);
  }

  send(to: string, frame: Uint8Array): void {
    if (this.#state === "open") this.#network.send(this, to, frame);
  }

  close(): void {
    if (this.#state === "open") this.#network.remove(this);
    this.#state = "closed";
  }
}

/**
 * Runs functions in order, in a later task of the event loop. A microtask would be simpler, but two nodes
 * that answer each other in microtasks would never let a timer fire. A `setTimeout` for each frame costs
 * milliseconds; a message on a `MessageChannel` costs microseconds.
 */
class TaskQueue {
  #waiting: (() => void)[] = [];
  readonly #channel: MessageChannel = new MessageChannel();

  constructor() {
    this.#channel.port1.onmessage = () => this.#run();
  }

  add(task: () => void): void {
    if (this.#waiting.push(task) === 1) this.#channel.port2.postMessage(null);
  }

  close(): void {
    this.#waiting = [];
    this.#channel.port1.close();
    this.#channel.port2.close();
  }

  #run(): void {
    const tasks = this.#waiting;
    this.#waiting = []; // frames that these tasks send wait for the next turn, so that timers can fire
    for (const task of tasks) {
      try {
        task();
      } catch {
        // A receiver that throws loses its own frame; the frames of others must still arrive.
      }
    }
  }
}
