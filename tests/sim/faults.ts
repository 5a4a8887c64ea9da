import { decodeFrame } from "../../lib/codec.ts";
import type { Request } from "../../lib/paxos/messages.ts";
import { helpersNeeded, majority } from "../../lib/paxos/quorum.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";
import { ExitReports } from "./exit_reports.ts";
import { CALM } from "../../testing/network.ts";
import type { Random } from "../../testing/random.ts";
import type { FaultKind } from "./scenario.ts";

/** What is counted besides. */
type OtherFault = "restart" | "reload" | "isolate" | "blackout" | BadDisk;

/** The share of the crashes that hit all members at once, if these have disks. */
const BLACKOUT = 0.3;

/** The probability that the disk of a member that stops is bad afterwards, if no other one is. */
const BAD_DISK = 0.6;

/** The share of the bad disks that are lost, of those that may also be as they were before the start of the member. */
const LOST_DISK = 0.3;

/** What is wrong with a disk: it is lost, or as it was before the start of its member. */
type BadDisk = "lostDisk" | "oldDisk";

/**
 * Injects the faults of a scenario into a cluster, until {@linkcode heal}. At most a minority of the members
 * is down for good: with a majority gone its data would rightly be lost.
 */
export class Faults {
  readonly #cluster: Cluster;
  readonly #random: Random;
  /** Decides which `accept` is followed by a cut; a separate stream, because every frame draws from it. */
  readonly #sniper: Random;
  readonly #reports: ExitReports;
  #over = false;
  /** The number of faults of each kind so far. */
  readonly counts: Partial<Record<FaultKind | OtherFault, number>> = {};

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = cluster.simulation.random.fork("faults");
    this.#sniper = cluster.simulation.random.fork("sniper");
    this.#reports = new ExitReports(cluster);
  }

  /** Starts the faults. */
  start(): void {
    const { network, scenario } = this.#cluster;
    network.profile = scenario.network;
    if (scenario.sniper > 0) network.listen((from, _to, frame) => this.#overhear(from, frame));
    if (Object.values(scenario.faults).some((weight) => weight > 0)) this.#next();
  }

  /** Ends all faults for good. Nodes that are down stay down. */
  heal(): void {
    this.#over = true;
    const { network, simulation, stations } = this.#cluster;
    simulation.note("all faults end");
    network.heal();
    network.profile = CALM;
    for (const { machine } of stations) machine.calm();
    this.#cluster.stalls = false;
  }

  #next(): void {
    const { scenario, simulation } = this.#cluster;
    simulation.after(this.#random.between(0, scenario.calm), () => {
      if (this.#over) return;
      this.#happen(this.#random.weighted(scenario.faults));
      this.#next();
    });
  }

  #happen(kind: FaultKind): void {
    const { up, scenario } = this.#cluster;
    if (up.length === 0) return;
    const station = this.#random.pick(up);
    switch (kind) {
      case "partition":
        this.#partition();
        break;
      case "oneWayCut":
        this.#cutOneWay(station, this.#random.pick(up));
        break;
      case "pause":
      case "sleep": {
        const duration = this.#duration();
        this.#note(`${kind} of ${station.name} for ${duration.toFixed(0)} ms`);
        station.machine[kind](duration);
        break;
      }
      case "stepWall": {
        // Where monotonic clocks may stop, a node can detect a sleep only by its wall clock: if that went
        // back at the same time, the sleep would be undetectable.
        const back = this.#cluster.scenario.faults.sleep > 0 ? 0 : -2_000;
        const step = this.#random.integer(back, 2_000);
        this.#note(`the wall clock of ${station.name} is set by ${step} ms`);
        station.machine.stepWall(step);
        break;
      }
      case "crash":
      case "close": {
        if (kind === "crash" && scenario.storage && this.#random.chance(BLACKOUT)) {
          return this.#blackOut(up);
        }
        if (!this.#mayGo(station)) return;
        const bad = kind === "crash" ? this.#badDisk(station.id) : null;
        this.#cluster[kind](station);
        this.#spoil(station.id, bad);
        if (kind === "crash") this.#reports.ended(station);
        if (this.#cluster.scenario.restart) this.#restart(station);
        break;
      }
      case "replace":
        // Two processes are one member more; of a client that is about to be one, either may be it.
        if (!this.#cluster.scenario.restart || !this.#cluster.votes(station)) return;
        // A minority may run twice (section 1): in a list of two, no member.
        if (this.#cluster.lists.possible.some(({ length }) => length === 2)) return;
        // Of two recovering processes, either may turn out to be the later one.
        if (!station.ready || !this.#mayGo(station)) return;
        this.#cluster.replace(station);
        break;
    }
    this.#count(kind);
  }

  /** All members stop at once; one may have a bad disk, unless another one has not recovered from that yet. */
  #blackOut(up: readonly Station[]): void {
    const { hasFormed, lists } = this.#cluster;
    if (!hasFormed) return;
    const id = this.#random.pick(lists.members);
    const bad = this.#badDisk(id);
    const voters = up.filter(({ id }) => this.#cluster.isVoter(id));
    for (const station of voters) this.#cluster.crash(station);
    this.#spoil(id, bad);
    for (const station of voters) this.#restart(station);
    this.#count("blackout");
  }

  /** What the disk of a member is that is about to stop; `null`: good, as if another one has not recovered from a bad one. */
  #badDisk(id: string): BadDisk | null {
    const { lists: { members }, isChanging, scenario: { storage } } = this.#cluster;
    if (!storage || !members.includes(id) || !this.#random.chance(BAD_DISK)) return null;
    // In a list of two no disk may be bad.
    const isWhole = !isChanging && members.length > 2 &&
      this.#cluster.remembering(members).length === members.length;
    if (!isWhole) return null;
    return this.#cluster.mayRollBack(id) && !this.#random.chance(LOST_DISK)
      ? "oldDisk"
      : "lostDisk";
  }

  #spoil(id: string, bad: BadDisk | null): void {
    if (bad === null) return;
    if (bad === "lostDisk") this.#cluster.loseDisk(id);
    else this.#cluster.rollBack(id);
    this.#count(bad);
  }

  /** Whether `station` may go down: enough members remain, for a quorum or to help it recover. */
  #mayGo({ id }: Station): boolean {
    const { hasFormed, lists, scenario, isChanging } = this.#cluster;
    if (!this.#cluster.isVoter(id)) return true;
    // A cluster needs all members for its genesis.
    if (!hasFormed) return false;
    // One of two may be down if it restarts: the other one helps it recover.
    const needed = (count: number) => scenario.restart ? helpersNeeded(count) : majority(count);
    return lists.possible.every((list) => {
      const count = list.length;
      const left = this.#cluster.remembering(list).filter((other) => other !== id).length;
      if (left < needed(count)) return false;
      // The next list may be under way already, with members that have just said that they are there.
      const mayShrink = count === 1 || left - 1 >= needed(count - 1);
      return !isChanging || (mayShrink && left + 1 >= needed(count + 1));
    });
  }

  #restart(station: Station): void {
    const { simulation } = this.#cluster;
    const again = () => {
      // A closing node must be gone first: two processes at once are the fault "replace".
      if (!station.down) return simulation.after(100, again);
      // A later life of one id closes an earlier one, but the clock of another machine may be behind.
      this.#cluster.boot(station.isGuest ? `${station.id}r` : station.id);
      this.#count("restart");
    };
    // Sometimes so soon that answers to the previous life are still in flight.
    const hasty = this.#random.chance(0.3);
    simulation.after(hasty ? this.#random.between(0, 20) : this.#duration(), again);
  }

  #partition(): void {
    const { network, all } = this.#cluster;
    const groups: string[][] = [[], [], []];
    const last = this.#random.integer(1, 2);
    for (const id of all) {
      groups[this.#random.integer(0, last)].push(id);
    }
    this.#note(
      `partition ${groups.filter((g) => g.length > 0).map((g) => g.join(" ")).join(" | ")}`,
    );
    network.partition(groups);
    this.#healLater();
  }

  /**
   * Sometimes cuts a node off after its `accept` has arrived and before an answer has: it then does not know
   * the outcome of its write for a long time, while other nodes see the write.
   */
  #overhear(from: string, frame: Uint8Array): void {
    const { scenario, network, simulation } = this.#cluster;
    if (this.#over || !this.#sniper.chance(scenario.sniper)) return;
    const decoded = decodeFrame(frame);
    const isWrite = ({ type }: Request) => type === "accept" || type === "fast";
    if (!decoded.ok || !decoded.frame.requests.some(isWrite)) return;
    const [shortest, longest] = network.profile.delay;
    simulation.after(this.#sniper.between(shortest, 2 * longest), () => {
      if (this.#over) return;
      const { all } = this.#cluster;
      this.#note(`${from} is cut off behind its accept`);
      network.partition([[from], all.filter((id) => id !== from)]);
      this.#healLater();
      this.#count("isolate");
    });
  }

  #healLater(): void {
    const { network, simulation } = this.#cluster;
    simulation.after(this.#duration(), () => {
      if (this.#over) return;
      simulation.note("the network is whole again");
      network.heal();
    });
  }

  #cutOneWay(from: Station, to: Station): void {
    if (from.id === to.id) return;
    this.#note(`${to.id} does not hear ${from.id}`);
    const { network, simulation } = this.#cluster;
    network.cutOneWay(from.id, to.id);
    simulation.after(this.#duration(), () => {
      simulation.note(`${to.id} hears ${from.id} again`);
      network.mendOneWay(from.id, to.id);
    });
  }

  /** A duration from far less than a session TTL to a few TTLs. */
  #duration(): number {
    const { sessionTtl } = this.#cluster.scenario;
    return this.#random.between(0, sessionTtl) * this.#random.pick([0.2, 1, 3]);
  }

  #note(what: string): void {
    this.#cluster.simulation.note(what);
  }

  #count(kind: FaultKind | OtherFault): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
