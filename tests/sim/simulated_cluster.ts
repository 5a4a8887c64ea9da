import { connectWith } from "../../guest/connect.ts";
import { type ClusterNode, partsOf } from "../../lib/cluster/cluster_node.ts";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { JoinOptions } from "../../lib/cluster/join_options.ts";
import { type Life, makeLife } from "../../lib/paxos/ballot.ts";
import { readConfiguration } from "../../lib/codec.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import { votersOf } from "../../lib/paxos/configuration.ts";
import { type MemoryStorage, memoryStorage } from "../../lib/storage/memory.ts";
import type { Transport } from "../../transports/transport.ts";
import { Lists } from "./lists.ts";
import { EPOCH, Machine } from "../../testing/machine.ts";
import { isGuest, type SimulatedNetwork } from "../../testing/network.ts";
import type { Random } from "../../testing/random.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "../../testing/simulation.ts";

/** One start of one node: its machine, and the node itself once it has joined; or a guest. */
export interface Station {
  /** The name of the node in pids: `~g1` for the guest `g1`. */
  readonly id: string;
  /** The id with a prime for each earlier start of this node: `m1`, `m1'`, `m1''`. */
  readonly name: string;
  readonly machine: Machine;
  readonly transport: Pick<Transport, "close">;
  /** Whether it is, or may become, a member. */
  readonly isMember: boolean;
  readonly isGuest: boolean;
  /** The list of members that it was started with. */
  readonly list: readonly string[];
  /** A guest has what the users use of a node. */
  node: ClusterNode | null;
  /** Whether it has ever had a quorum and a session. */
  ready: boolean;
  /** Whether it is closing, or was replaced by another process and will close when it hears of that. */
  closing: boolean;
  /** Whether it has crashed or closed. */
  down: boolean;
}

/** Bounds of guests that no run reaches. */
const LIMITS = { locks: 1e6, keys: 1e6, watches: 1e6, calls: 1e6, operationsPerSecond: 1e6 };

/** What a guest reports while it finds no server. */
const SEARCHING: readonly string[] = ["unreachable", "unauthorized"];

/** The largest deviation of a clock rate from 1: the fastest and the slowest clock of a run are 5 % apart. */
export const DRIFT = 0.025;

/** The probability that a node is started with an earlier list of members. */
const OLD_LIST = 0.2;

/** The time after which a frame, and a request that is sent again, has arrived or is lost, in milliseconds. */
const LOST = 20_000;

/** Whether a node has accepted, or copied, a configuration of this epoch or of a later one. */
function holds(node: ClusterNode, epoch: number): boolean {
  const accepted = partsOf(node).engine.voter?.acceptor.stored(CONFIGURATION)?.accepted?.state;
  const configuration = accepted && readConfiguration(accepted);
  return configuration != null && configuration.epoch >= epoch;
}

/** What was on a disk at an earlier time, and in which epoch; `null`: not known. */
interface EarlierDisk {
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly epoch: number | null;
}

/** Whether a node that is up has a memory that counts, or is about to. */
function remembers({ node, isGuest }: Station): boolean {
  if (node === null || isGuest) return false;
  const standing = partsOf(node).engine.place?.standing;
  return standing === "votes" || standing === "helps" || standing === "joins";
}

/** The wall clock at the start of a life, in milliseconds since 1970. */
function startOf(life: Life): number {
  let [low, high] = [0, 2 ** 48];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (makeLife(middle, () => 0) <= life) low = middle;
    else high = middle;
  }
  return low;
}

/** Starts the nodes of a scenario, and ends them. */
export class Cluster {
  readonly scenario: Scenario;
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  readonly #lists: Lists;
  /** The nodes that change the list at this moment. */
  readonly changers: Set<Station> = new Set();
  /** Whether machines that start now stall occasionally. */
  stalls = true;
  /** The specs that a starting node can host. */
  hosts: (station: Station) => NonNullable<JoinOptions["hosts"]> = () => [];
  readonly #random: Random;
  readonly #report: (violation: string) => void;
  readonly #stations: Station[] = [];
  readonly #started: ((station: Station) => void)[] = [];
  /** The disks of the members, if they have some. */
  readonly #disks = new Map<string, MemoryStorage>();
  /** What was on the disk of a member when its latest process began, and in which epoch. */
  readonly #earlier = new Map<string, EarlierDisk>();
  /** The epoch of what was on the disk of a member when its process ended; `null`: not known. */
  readonly #epochs = new Map<string, number | null>();
  /** The latest life of each node of which others may hear after its end for the first time. */
  readonly #announced = new Map<string, Life>();
  /** Decides which of the first two machines is the fast one. */
  readonly #parity: number;

  constructor(
    simulation: Simulation,
    network: SimulatedNetwork,
    scenario: Scenario,
    report: (violation: string) => void,
  ) {
    this.simulation = simulation;
    this.network = network;
    this.scenario = scenario;
    this.#lists = new Lists(scenario.members);
    this.#random = simulation.random.fork("cluster");
    this.#parity = this.#random.fork("rates").integer(0, 1);
    this.#report = report;
  }

  /** All starts of all nodes so far. */
  get stations(): readonly Station[] {
    return this.#stations;
  }

  /** The stations that are up: joined, not closing, not crashed. A paused one is up, too. */
  get up(): Station[] {
    return this.#stations.filter(({ node, closing, down }) => node !== null && !closing && !down);
  }

  /** The names of all guests so far. */
  get guests(): string[] {
    return this.#stations.filter(({ isGuest }) => isGuest).map(({ id }) => id);
  }

  /** The lists of members, past and present. */
  get lists(): Lists {
    this.#lists.forget(this.simulation.time - LOST, ({ epoch }) =>
      // What is on a disk is not observed.
      this.candidates.some((id) => this.scenario.storage && !this.#isUp(id)) ||
      this.up.some(({ node, isMember }) => isMember && holds(node!, epoch)));
    return this.#lists;
  }

  #isUp(id: string): boolean {
    return this.up.some((station) => station.id === id);
  }

  /** The ids of the nodes that are members at times. */
  get candidates(): string[] {
    return [...this.scenario.members, ...this.scenario.spares];
  }

  /** The names of all nodes, and of all guests so far. */
  get all(): string[] {
    return [...this.candidates, ...this.scenario.clients, ...this.guests];
  }

  /** The members whose latest start is not up, or not ready yet. */
  get missingMembers(): string[] {
    const { up } = this;
    return this.lists.members.filter((id) => !up.some((s) => s.id === id && s.ready));
  }

  /** Whether each member of the first list has been ready once: from then on members may go. */
  get hasFormed(): boolean {
    return this.scenario.members.every((id) => this.#stations.some((s) => s.id === id && s.ready));
  }

  /** Whether the list of members changes at this moment. */
  get isChanging(): boolean {
    return this.lists.areChanging || [...this.changers].some(({ down }) => !down);
  }

  /** Whether all members are up, and all nodes that are up have a quorum, those aside that wait to be added. */
  get isWhole(): boolean {
    return this.missingMembers.length === 0 && this.up.every((station) => {
      const { machine, node } = station;
      return this.waits(station) || machine.peek(machine.time, () => node!.hasQuorum);
    });
  }

  /** Whether a node has waited to be added since its start: it is in its own list, and not in that of the cluster. */
  waits({ id, list, ready }: Station): boolean {
    return !ready && list.includes(id) && !this.lists.members.includes(id);
  }

  /** Whether the node `id` may have a vote that counts. */
  isVoter(id: string): boolean {
    return this.lists.possible.some((list) => list.includes(id));
  }

  /** Whether a node that is up votes, as far as it knows. */
  votes({ node, isMember }: Station): boolean {
    return isMember && node !== null && partsOf(node).engine.place?.standing === "votes";
  }

  /** Of the nodes of a list, those that are up and have their memory. */
  remembering(list: readonly string[]): string[] {
    const { up } = this;
    return list.filter((id) => up.some((station) => station.id === id && remembers(station)));
  }

  /** Calls `listener` for each node that joins. */
  onStart(listener: (station: Station) => void): void {
    this.#started.push(listener);
  }

  /** Starts all nodes, at different times. */
  start(): void {
    const { members, spares, clients, guests } = this.scenario;
    for (const id of [...members, ...clients, ...guests, ...spares]) {
      this.simulation.after(this.#random.between(0, 1_000), () => this.boot(id));
    }
  }

  /** Starts a node with empty memory. */
  boot(id: string): void {
    const { scenario, simulation } = this;
    const starts = this.#stations.filter((station) => station.id === id).length;
    const name = id + "'".repeat(starts);
    const random = this.#random.fork(name);
    const rate = this.#rate(random);
    const machine = new Machine(simulation, name, random.fork("chance"), {
      rate,
      wallOffset: Math.max(random.integer(-2_000, 2_000), this.#earliest(id, rate)),
      monotonicOffset: random.between(0, 1_000_000),
      step: scenario.clockStep,
    });
    if (this.stalls) machine.stallSometimes(scenario.stall.chance, scenario.stall.longest);
    const isGuestId = isGuest(id);
    const transport = isGuestId ? undefined : this.network.transport(machine);
    const isMember = this.candidates.includes(id);
    const members = this.#listFor(id, random.fork("list"));
    const station: Station = {
      id,
      name,
      machine,
      transport: transport ?? { close: () => {} },
      isMember,
      isGuest: isGuestId,
      list: members,
      node: null,
      ready: false,
      closing: false,
      down: false,
    };
    this.#stations.push(station);
    simulation.note(`${name} starts with ${members.join(" ")}`);
    const { sessionTtl, timeout } = scenario;
    if (transport === undefined) {
      const lines = this.network.guests(machine, id, this.candidates);
      const guest = { id: id.slice(1), transport: lines, sessionTtl, timeout };
      return this.#joined(station, connectWith(guest, machine) as unknown as ClusterNode);
    }
    const guests = scenario.guests.length > 0 ? { limits: LIMITS } : undefined;
    const clients = scenario.clients.length > 0 || guests !== undefined ||
      scenario.changes !== null;
    const hosts = this.hosts(station);
    const options = { id, members, transport, sessionTtl, timeout, clients, hosts };
    const storage = scenario.storage ? { storage: this.#diskOf(id) } : {};
    joinWith({ ...options, ...(station.isMember && { guests, ...storage }) }, machine).then(
      (node) => this.#joined(station, node),
      (error) => this.#report(`${name} cannot join: ${error}`),
    );
  }

  #joined(station: Station, node: ClusterNode): void {
    const { simulation } = this;
    const { name } = station;
    station.node = node;
    node.ready.then(
      () => {
        station.ready = true;
        simulation.note(`${name} is ready`);
      },
      (error) => {
        if (!station.closing) this.#report(`${name} will never be ready: ${error}`);
      },
    );
    for (const event of ["quorum", "noquorum", "sessionlost", "membership", "restart"] as const) {
      node.addEventListener(event, () => simulation.note(`${name}: ${event}`));
    }
    // These include errors in the handling of a frame: they cost a user only one frame, but are faults.
    node.addEventListener("error", ({ detail }) => {
      const { code } = detail.error as { code?: string };
      const isSearching = station.isGuest && SEARCHING.includes(code ?? "");
      if (station.closing || isSearching) return;
      this.#report(`${name} failed: ${detail.error.stack ?? detail.error}`);
    });
    for (const listener of this.#started) listener(station);
  }

  /**
   * The list that a node is started with: mostly the present one, as operators are told. Sometimes an earlier one, where
   * that can do no harm: with a disk it has to name the node, which otherwise does not use it; and its nodes must not all
   * be without a memory, which would begin a second cluster. Until a change is settled, operators are told to give a list
   * that names the node also to one that leaves, and with a disk to one that is added.
   */
  #listFor(id: string, random: Random): readonly string[] {
    const { members, known, chosen, latest } = this.lists;
    const naming = this.lists.naming(id);
    if (this.scenario.storage && naming !== undefined) {
      // Until the change is settled, one that leaves may be the only one that has it on its disk.
      if (latest.leaving?.id === id) return naming;
      // Those that know that it was admitted may have stopped. What it has copied may count by now, and it uses its disk
      // only with a list that names it.
      const hasContent = (this.#disks.get(id)?.snapshot().size ?? 0) > 0;
      if (hasContent && !known.includes(id)) return naming;
    }
    if (!random.chance(OLD_LIST)) return known;
    const old = votersOf(random.pick(chosen));
    const { up, scenario } = this;
    const others = up.filter((station) => station.id !== id && old.includes(station.id));
    const knows = (station: Station) => partsOf(station.node!).engine.place !== null;
    const isKnown = others.some((one) => members.includes(one.id)) && others.every(knows);
    const isUsed = !scenario.storage || old.includes(id) || !members.includes(id);
    return isKnown && isUsed ? old : known;
  }

  /**
   * The least lead of the wall clock of the next machine of a node. A process that ended while it came back may have
   * announced a life that no other node knows of yet. If the clock went back after that, the late announcement would replace
   * the next process, which is rightly lost then. A clock that is rounded down shows nothing later for a while.
   */
  #earliest(id: string, rate: number): number {
    const announced = this.#announced.get(id);
    if (announced === undefined) return -Infinity;
    const { time } = this.simulation;
    return Math.ceil(startOf(announced) + 2 + this.scenario.clockStep - EPOCH - time * rate);
  }

  /** The rate of the clocks of the next machine; those of the first two differ as much as possible. */
  #rate(random: Random): number {
    const begun = this.#stations.length;
    const extreme = (begun + this.#parity) % 2 === 0 ? 1 - DRIFT : 1 + DRIFT;
    return begun < 2 || random.chance(0.5) ? extreme : random.between(1 - DRIFT, 1 + DRIFT);
  }

  /** The disk of a member for its next process: the one before writes to it no more. */
  #diskOf(id: string): MemoryStorage {
    const disk = memoryStorage();
    const content = this.#disks.get(id)?.snapshot() ?? new Map();
    this.#earlier.set(id, { content, epoch: this.#epochs.get(id) ?? null });
    disk.restore(content);
    this.#disks.set(id, disk);
    return disk;
  }

  /** The disk of a member that is down is lost. */
  loseDisk(id: string): void {
    this.simulation.note(`the disk of ${id} is lost`);
    this.#disks.delete(id);
  }

  /**
   * Whether the disk of a member may become what it was at the start of its process, since the others find that out: all
   * have heard of that start, and the list has not changed since.
   */
  mayRollBack(id: string): boolean {
    const { lists: { latest, members }, up } = this;
    if (this.isChanging || this.#earlier.get(id)?.epoch !== latest.epoch) return false;
    const own = up.find((station) => station.id === id && remembers(station));
    return own !== undefined && members.every((other) =>
      up.some((one) => {
        if (one.id !== other) return false;
        const { engine } = partsOf(one.node!);
        const { place, life } = engine;
        if (place?.configuration.epoch !== latest.epoch) return false;
        return place.incarnations.of(id) === (one.id === id ? life : own.node!.life);
      })
    );
  }

  /** The disk of a member that is down becomes what it was at the start of its last process. */
  rollBack(id: string): void {
    this.simulation.note(`the disk of ${id} is that of before its start`);
    this.#disks.get(id)!.restore(this.#earlier.get(id)!.content);
  }

  /** Notes the epoch of what is on the disk of a member whose process ends, and the life of a process without a memory. */
  #noteEnd(station: Station): void {
    const { id, isMember, node } = station;
    if (!isMember) return;
    if (node !== null && !remembers(station) && node.life > (this.#announced.get(id) ?? "")) {
      this.#announced.set(id, node.life);
    }
    const place = node === null ? null : partsOf(node).engine.place;
    const { latest } = this.lists;
    const isPresent = place?.standing === "votes" && !this.isChanging &&
      place.configuration.epoch === latest.epoch;
    this.#epochs.set(id, isPresent ? latest.epoch : null);
  }

  /** Ends a node without a message. */
  crash(station: Station): void {
    this.simulation.note(`${station.name} crashes`);
    this.#noteEnd(station);
    station.down = true;
    station.machine.crash();
    station.transport.close();
  }

  /** Starts a second process under the id of one that is up. */
  replace(station: Station): void {
    this.simulation.note(`${station.name} is replaced`);
    station.closing = true;
    this.boot(station.id);
  }

  /** Ends the processes under this id that were replaced. */
  endOlder(id: string): void {
    const latest = this.#stations.findLast((station) => station.id === id);
    for (const station of this.#stations) {
      const { closing, down } = station;
      if (station.id === id && station !== latest && closing && !down) this.crash(station);
    }
  }

  /** Makes a node leave in an orderly way. */
  close(station: Station): void {
    this.simulation.note(`${station.name} closes`);
    this.#noteEnd(station);
    station.closing = true;
    station.machine.run(() => {
      station.node!.close().then(() => {
        if (station.machine.crashed) return;
        station.down = true;
        this.simulation.note(`${station.name} has closed`);
      }, (error) => this.#report(`${station.name}: close() rejected: ${error}`));
    });
  }
}
