import { connectWith } from "../../guest/connect.ts";
import type { ClusterNode } from "../../lib/cluster/cluster_node.ts";
import { joinWith } from "../../lib/cluster/join.ts";
import type { AnySpec } from "../../lib/singletons/spec.ts";
import { type MemoryStorage, memoryStorage } from "../../lib/storage/memory.ts";
import type { Transport } from "../../transports/transport.ts";
import { Machine } from "./machine.ts";
import { isGuest, type SimulatedNetwork } from "./network.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "./simulation.ts";

/** One start of one node: its machine, and the node itself once it has joined; or a guest. */
export interface Station {
  /** The name of the node in pids: `~g1` for the guest `g1`. */
  readonly id: string;
  /** The id with a prime for each earlier start of this node: `m1`, `m1'`, `m1''`. */
  readonly name: string;
  readonly machine: Machine;
  readonly transport: Pick<Transport, "close">;
  readonly isMember: boolean;
  readonly isGuest: boolean;
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

/** Starts the nodes of a scenario, and ends them. */
export class Cluster {
  readonly scenario: Scenario;
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  /** Whether machines that start now stall occasionally. */
  stalls = true;
  /** The specs that a starting node can host. */
  hosts: (station: Station) => AnySpec[] = () => [];
  readonly #random: Random;
  readonly #report: (violation: string) => void;
  readonly #stations: Station[] = [];
  readonly #started: ((station: Station) => void)[] = [];
  /** The disks of the members, if they have some. */
  readonly #disks = new Map<string, MemoryStorage>();
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

  /** The members whose latest start is not up, or not ready yet. */
  get missingMembers(): string[] {
    const { up } = this;
    return this.scenario.members.filter((id) => !up.some((s) => s.id === id && s.ready));
  }

  /** Whether each member has been ready once: from then on members may go. */
  get hasFormed(): boolean {
    return this.scenario.members.every((id) => this.#stations.some((s) => s.id === id && s.ready));
  }

  /** Calls `listener` for each node that joins. */
  onStart(listener: (station: Station) => void): void {
    this.#started.push(listener);
  }

  /** Starts all nodes, at different times. */
  start(): void {
    const { members, clients, guests } = this.scenario;
    for (const id of [...members, ...clients, ...guests]) {
      this.simulation.after(this.#random.between(0, 1_000), () => this.boot(id));
    }
  }

  /** Starts a node with empty memory. */
  boot(id: string): void {
    const { scenario, simulation } = this;
    const starts = this.#stations.filter((station) => station.id === id).length;
    const name = id + "'".repeat(starts);
    const random = this.#random.fork(name);
    const machine = new Machine(simulation, name, random.fork("chance"), {
      rate: this.#rate(random),
      wallOffset: random.integer(-2_000, 2_000),
      monotonicOffset: random.between(0, 1_000_000),
      step: scenario.clockStep,
    });
    if (this.stalls) machine.stallSometimes(scenario.stall.chance, scenario.stall.longest);
    const isGuestId = isGuest(id);
    const transport = isGuestId ? undefined : this.network.transport(machine);
    const isMember = scenario.members.includes(id);
    const station: Station = {
      id,
      name,
      machine,
      transport: transport ?? { close: () => {} },
      isMember,
      isGuest: isGuestId,
      node: null,
      ready: false,
      closing: false,
      down: false,
    };
    this.#stations.push(station);
    simulation.note(`${name} starts`);
    const { members, sessionTtl, timeout } = scenario;
    if (transport === undefined) {
      const lines = this.network.guests(machine, id, members);
      const guest = { id: id.slice(1), transport: lines, sessionTtl, timeout };
      return this.#joined(station, connectWith(guest, machine) as unknown as ClusterNode);
    }
    const guests = scenario.guests.length > 0 ? { limits: LIMITS } : undefined;
    const clients = scenario.clients.length > 0 || guests !== undefined;
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

  /** The rate of the clocks of the next machine; those of the first two differ as much as possible. */
  #rate(random: Random): number {
    const begun = this.#stations.length;
    const extreme = (begun + this.#parity) % 2 === 0 ? 1 - DRIFT : 1 + DRIFT;
    return begun < 2 || random.chance(0.5) ? extreme : random.between(1 - DRIFT, 1 + DRIFT);
  }

  /** The disk of a member for its next process: the one before writes to it no more. */
  #diskOf(id: string): MemoryStorage {
    const disk = memoryStorage();
    disk.restore(this.#disks.get(id)?.snapshot() ?? new Map());
    this.#disks.set(id, disk);
    return disk;
  }

  /** The disk of a member that is down is lost. */
  loseDisk(id: string): void {
    this.simulation.note(`the disk of ${id} is lost`);
    this.#disks.delete(id);
  }

  /** Ends a node without a message. */
  crash(station: Station): void {
    this.simulation.note(`${station.name} crashes`);
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

  /** Makes a node leave in an orderly way. */
  close(station: Station): void {
    this.simulation.note(`${station.name} closes`);
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
