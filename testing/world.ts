import { connectWith } from "../guest/connect.ts";
import type { GuestNode } from "../guest/guest_node.ts";
import type { ClusterNode } from "../lib/cluster/cluster_node.ts";
import { joinWith } from "../lib/cluster/join_with.ts";
import { type MemoryStorage, memoryStorage } from "../lib/storage/memory.ts";
import { show } from "../lib/show.ts";
import type { TraceEvent } from "../lib/trace.ts";
import { describeFrame } from "./describe_frame.ts";
import { EPOCH, Machine } from "./machine.ts";
import type { VirtualGlobals } from "./globals.ts";
import { isGuest, SimulatedNetwork } from "./network.ts";
import {
  checkDuration,
  checkJoin,
  checkNetwork,
  type NetworkOptions,
  type RunOptions,
  type WorldConnectOptions,
  type WorldJoinOptions,
  type WorldSettings,
} from "./options.ts";
import { Outside } from "./outside.ts";
import { Place, type WorldMachine } from "./place.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";
import { VirtualTimers } from "./timers.ts";
import type { Seed } from "./trace.ts";
import { traceLine } from "./trace_line.ts";

/** The time that the start of a node takes, in milliseconds: so nodes that are started together start in any order. */
const START: readonly [number, number] = [1, 20];

/** The events that the trace shows besides the decisions of nodes. */
const SHOWN = ["quorum", "noquorum"];

/** The same for guests, which have no others. */
const SHOWN_OF_GUESTS = [...SHOWN, "sessionlost", "restart"];

/** What a world needs of the simulation that it is in. */
export interface WorldHooks {
  /** The simulation fails. */
  fail(error: unknown): void;
  /** Runs other simulations. */
  run(options: RunOptions, test: (world: World) => unknown): Promise<void>;
}

/** As many nodes as there are ids. */
export type NodesOf<Ids extends readonly string[]> = { [Index in keyof Ids]: ClusterNode };

/** The global functions of time and chance in a world; internal. */
export let globalsOf: (world: World) => VirtualGlobals;

/** The nodes, network and time of a simulation. Made by `simulate`. */
export class World {
  /** The seed of this run. */
  readonly seed: Seed;
  /** The ids of the nodes that vote. */
  readonly members: readonly string[];
  readonly #simulation: Simulation;
  readonly #settings: WorldSettings;
  readonly #hooks: WorldHooks;
  readonly #network: SimulatedNetwork;
  readonly #machines: Random;
  readonly #random: Random;
  readonly #timers: VirtualTimers;
  readonly #outside: Outside;
  /** The starts of each node so far, the latest last; guests by `~` and their id. */
  readonly #places = new Map<string, Place[]>();
  /** How each node is started. */
  readonly #starts = new Map<string, () => Promise<ClusterNode | GuestNode>>();
  readonly #disks = new Map<string, MemoryStorage>();

  static {
    globalsOf = (world) => ({
      now: () => world.now(),
      elapsed: () => world.#simulation.time,
      setTimeout: (callback, delay) => world.#timers.setTimeout(callback, delay),
      setInterval: (callback, delay) => world.#timers.setInterval(callback, delay),
      clear: (timer) => world.#timers.clear(timer),
      random: () => world.random(),
      outside: (begin) => world.outside(begin),
    });
  }

  /** Made by `simulate`. */
  constructor(simulation: Simulation, seed: Seed, settings: WorldSettings, hooks: WorldHooks) {
    this.seed = seed;
    this.members = settings.members;
    this.#simulation = simulation;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#machines = simulation.random.fork("machines");
    this.#random = simulation.random.fork("user");
    this.#timers = new VirtualTimers(simulation);
    this.#outside = new Outside(simulation);
    this.#network = new SimulatedNetwork(simulation, simulation.random.fork("network"));
    this.#network.profile = settings.network;
    this.#network.listen((from, to, frame, time) => {
      simulation.fingerprint.text(`${from}>${to}`);
      simulation.fingerprint.number(time);
      simulation.fingerprint.bytes(frame);
      if (!settings.frames) return;
      const isLine = isGuest(from) || isGuest(to);
      simulation.comment(() =>
        `${from} > ${to}: ${isLine ? `${frame.length} bytes` : describeFrame(frame)}`
      );
    });
  }

  /**
   * Starts nodes, each on a machine of its own; resolves to them when all have joined, as `join` does. They have a quorum
   * when `ready` of each has resolved. Of a node that has crashed or closed it is the next start.
   *
   * Throws a `TypeError` if a node runs already, or an option is bad.
   */
  join<const Ids extends readonly string[]>(...ids: Ids): Promise<NodesOf<Ids>>;
  /** As above, with options for these nodes: those of `join`, and a program to run on each machine. */
  join<const Ids extends readonly string[]>(
    ...args: [...ids: Ids, options: WorldJoinOptions]
  ): Promise<NodesOf<Ids>>;
  async join(...args: unknown[]): Promise<ClusterNode[]> {
    const { ids, options } = checkJoin(args);
    for (const id of ids) this.#refuseRunning("world.join", id);
    return await Promise.all(ids.map((id) => {
      const start = () => this.#join(id, options);
      this.#starts.set(id, start);
      return start();
    }));
  }

  /**
   * Connects the guest `id` to members that were joined with `clients: true` and `guests`. In `partition`, `crash` and
   * the like its name is `~` and the id.
   */
  connect(id: string, options: WorldConnectOptions = {}): Promise<GuestNode> {
    const name = `~${id}`;
    this.#refuseRunning("world.connect", name);
    const start = () => this.#connect(id, options);
    this.#starts.set(name, start);
    return start();
  }

  /**
   * Stops a node at once, as a power cut does: it sends and receives nothing any more, its timers do not fire, and what
   * its user waits for never comes. Throws a `TypeError` if it is not running.
   */
  crash(id: string): void {
    const place = this.#running("world.crash", id);
    this.#simulation.note(`${place.name} crashes`);
    place.crash();
  }

  /**
   * Starts a node again that has crashed or closed, with the options that it had, and without its memory; resolves as
   * `join` does. Throws a `TypeError` if it is running, or was never started.
   */
  async restart(id: string): Promise<ClusterNode> {
    const start = this.#starts.get(id);
    if (start === undefined) throw new TypeError(`world.restart: ${show(id)} was never started`);
    this.#refuseRunning("world.restart", id);
    return await start() as ClusterNode;
  }

  /**
   * Stops a machine for `duration` milliseconds, as a suspended process or a long garbage collection does. What is due
   * meanwhile happens afterwards.
   */
  pause(id: string, duration: number): void {
    checkDuration("world.pause", duration);
    const place = this.#running("world.pause", id);
    this.#simulation.note(`${place.name} stands still for ${duration.toFixed(0)} ms`);
    place.machine.pause(duration);
  }

  /**
   * Partitions the network: nodes of different groups do not reach each other. All others are one more group. Replaces an
   * earlier partition.
   */
  partition(...groups: string[][]): void {
    for (const group of groups) {
      if (!Array.isArray(group)) {
        throw new TypeError(`world.partition: a group must be an array, received ${show(group)}`);
      }
      for (const id of group) this.#refuseUnknown("world.partition", id);
    }
    this.#network.partition(groups);
    const shown = groups.map((group) => group.join(" ")).join(" | ");
    this.#simulation.note(`partition: ${shown}`);
  }

  /** From now on `to` receives nothing from `from`; the other direction stays as it is. */
  cut(from: string, to: string): void {
    for (const id of [from, to]) this.#refuseUnknown("world.cut", id);
    this.#network.cutOneWay(from, to);
    this.#simulation.note(`${to} does not hear ${from}`);
  }

  /** Ends what {@linkcode cut} began. */
  mend(from: string, to: string): void {
    for (const id of [from, to]) this.#refuseUnknown("world.mend", id);
    this.#network.mendOneWay(from, to);
    this.#simulation.note(`${to} hears ${from} again`);
  }

  /** Ends all partitions and cuts. */
  heal(): void {
    this.#network.heal();
    this.#simulation.note("the network is whole");
  }

  /** From now on the network treats frames so; what is left out is as in a network without faults. */
  setNetwork(options: NetworkOptions): void {
    this.#network.profile = checkNetwork("world.setNetwork", options);
    this.#simulation.note(`the network: ${JSON.stringify(options)}`);
  }

  /** Lets `duration` milliseconds pass, which takes no real time. */
  sleep(duration: number): Promise<void> {
    checkDuration("world.sleep", duration);
    return new Promise((resolve) => void this.setTimeout(resolve, duration));
  }

  /** As the global function; belongs to no machine, so no pause or crash stops it. */
  setTimeout(callback: () => void, delay = 0): number {
    return this.#timers.setTimeout(callback, delay);
  }

  /** As the global function. */
  clearTimeout(timer: number): void {
    this.#timers.clear(timer);
  }

  /** Milliseconds since 1970, as `Date.now()`: each simulation begins on January 1, 2026. */
  now(): number {
    return EPOCH + Math.floor(this.#simulation.time);
  }

  /** A number in [0, 1), from the seed. */
  random(): number {
    return this.#random.fraction();
  }

  /** The machine of a node, for code that runs there. Throws a `TypeError` if the node is not running. */
  machine(id: string): WorldMachine {
    return this.#running("world.machine", id);
  }

  /** Adds a line to the trace. */
  note(what: string): void {
    this.#simulation.note(what);
  }

  /**
   * Waits for what takes real time, such as a request or a file: calls `begin` now, and virtual time stands still until
   * its promise has settled. The code behind it must not use the world.
   */
  outside<T>(begin: () => T | PromiseLike<T>): Promise<T> {
    return this.#outside.wait(begin);
  }

  /**
   * Runs `test` in a world of its own for each seed, with the options of this one unless it has others. The time of this
   * world stands still.
   */
  run(
    options: { seeds: RunOptions["seeds"] } & Partial<RunOptions>,
    test: (world: World) => unknown,
  ): Promise<void> {
    return this.outside(() => this.#hooks.run({ ...this.#settings, ...options }, test));
  }

  async #join(id: string, { program, ...options }: WorldJoinOptions): Promise<ClusterNode> {
    const machine = this.#machine(id);
    const transport = this.#network.transport(machine);
    const place = this.#place(id, machine, () => transport.close());
    await this.#booted(place);
    const storage = this.#settings.storage && this.members.includes(id)
      ? { storage: this.#diskOf(id) }
      : {};
    const trace = (event: TraceEvent) => {
      const line = traceLine(event);
      if (line !== null) this.#simulation.note(`${place.name} ${line}`);
      options.trace?.(event);
    };
    const all = { ...options, ...storage, id, members: this.members, transport, trace };
    const node = await this.#opened(place, joinWith(all, machine));
    if (program !== undefined) this.#start(place, () => program(node, place));
    return node;
  }

  async #connect(id: string, options: WorldConnectOptions): Promise<GuestNode> {
    const { servers = this.members, ...rest } = options;
    const machine = this.#machine(`~${id}`);
    const transport = this.#network.guests(machine, `~${id}`, servers);
    const place = this.#place(`~${id}`, machine, () => {});
    await this.#booted(place);
    const guest = () => connectWith({ ...rest, id, transport }, machine);
    return await this.#opened(place, new Promise<GuestNode>((resolve) => resolve(guest())));
  }

  #machine(id: string): Machine {
    const name = id + "'".repeat(this.#places.get(id)?.length ?? 0);
    const random = this.#machines.fork(name);
    const monotonicOffset = random.between(0, 1_000_000);
    const clock = { rate: 1, wallOffset: 0, monotonicOffset, step: 0 };
    return new Machine(this.#simulation, name, random, clock);
  }

  #place(id: string, machine: Machine, disconnect: () => void): Place {
    const place = new Place(id, machine, disconnect);
    this.#places.set(id, [...this.#places.get(id) ?? [], place]);
    this.#simulation.note(`${place.name} starts`);
    return place;
  }

  /** Waits until the process of a node begins; forever if it crashes before. */
  #booted({ machine }: Place): Promise<void> {
    const duration = this.#machines.between(...START);
    return new Promise((resolve) => void machine.setTimer(resolve, duration));
  }

  /** Notes what becomes of a node; one that cannot begin is down. */
  async #opened<N extends ClusterNode | GuestNode>(place: Place, opening: Promise<N>): Promise<N> {
    const { name } = place;
    const note = (what: string) => this.#simulation.note(`${name} ${what}`);
    let node: N;
    try {
      node = await opening;
    } catch (error) {
      place.crash();
      throw error;
    }
    place.node = node;
    const events: EventTarget = node;
    for (const type of isGuest(place.id) ? SHOWN_OF_GUESTS : SHOWN) {
      events.addEventListener(type, () => note(`has the event ${type}`));
    }
    node.ready.then(() => note("is ready"), () => {});
    node.closed.then(({ reason }) => {
      place.state = "closed";
      note(reason === null ? "has closed" : `has closed: ${reason.message}`);
    });
    return node;
  }

  /** Runs a program on a machine. */
  #start(place: Place, program: () => void | Promise<void>): void {
    place.machine.run(() => {
      new Promise<void>((resolve) => resolve(program())).catch((error) => {
        if (place.state !== "crashed") this.#hooks.fail(error);
      });
    });
  }

  /** The disk of a member for its next process: the one before writes to it no more. */
  #diskOf(id: string): MemoryStorage {
    const disk = memoryStorage();
    disk.restore(this.#disks.get(id)?.snapshot() ?? new Map());
    this.#disks.set(id, disk);
    return disk;
  }

  #running(call: string, id: string): Place {
    const place = this.#places.get(id)?.at(-1);
    if (place?.state === "up") return place;
    const why = place === undefined ? "was never started" : `has ${place.state}`;
    throw new TypeError(`${call}: ${show(id)} is not running: it ${why}`);
  }

  #refuseRunning(call: string, id: string): void {
    if (this.#places.get(id)?.at(-1)?.state !== "up") return;
    throw new TypeError(`${call}: ${show(id)} is running; crash it first, or close its node`);
  }

  #refuseUnknown(call: string, id: unknown): void {
    if (typeof id === "string" && (this.members.includes(id) || this.#places.has(id))) return;
    const known = [...new Set([...this.members, ...this.#places.keys()])].join(", ");
    throw new TypeError(`${call}: there is no node ${show(id)}, only ${known}`);
  }
}
