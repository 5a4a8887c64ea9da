import type { Runtime } from "../../tasks/suites.ts";
import type { Breakage } from "./broken.ts";
import { Lifeline } from "./lifeline.ts";
import { Network } from "./network.ts";
import type { Event, Over } from "./orders.ts";
import { type Outcome, Remote } from "./remote.ts";
import type { RemoteClock } from "./remote_clock.ts";

/** The parameters of a cluster of processes. */
export interface ClusterOptions {
  /** The members by id, in their order, and the runtime of each. */
  readonly members: Readonly<Record<string, Runtime>>;
  /** The first list of members, if not all of those: the others are clients until they are added. */
  readonly list?: readonly string[];
  /** Nodes that are never members. */
  readonly clients: Readonly<Record<string, Runtime>>;
  readonly over: Over;
  /** The `sessionTtl` of all nodes, in milliseconds. */
  readonly sessionTtl: number;
  /** How the nodes are broken on purpose. */
  readonly broken: (id: string) => readonly Breakage[];
  /** The address of the fenced resource. */
  readonly resource: string;
  /** The folder for the logs of the processes. */
  readonly folder: string;
  /** Called with the events of the processes. */
  readonly onEvent: (event: Event, clock: RemoteClock) => void;
}

/** The status of a node, as the node itself reports it. */
interface Status {
  readonly hasQuorum: boolean;
  readonly members: readonly { id: string; reachable: boolean; state: string }[];
}

/** The `timeout` of operations, in milliseconds: the default. */
const TIMEOUT = 2_000;

/** Interval at which the status of a process is polled, in milliseconds. */
const POLL = 30;

const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";

/** A node of the cluster, and its current process. */
export class Station {
  readonly id: string;
  readonly runtime: Runtime;
  /** Whether it is a member at times. */
  readonly isMember: boolean;
  /** Its process, once it has joined and until it is killed; the newer one, if there are two. */
  remote: Remote | null = null;
  /** Whether a newer process exists, or is about to, while the older one still runs. */
  isBeingReplaced = false;
  /** Resolves when it has a process. */
  up: Promise<void>;
  #isUp!: () => void;
  #starts = 0;

  constructor(id: string, runtime: Runtime, isMember: boolean) {
    this.id = id;
    this.runtime = runtime;
    this.isMember = isMember;
    this.up = new Promise((resolve) => this.#isUp = resolve);
  }

  /** The name of its next process. */
  nextStart(): string {
    return `${this.id}.${++this.#starts}`;
  }

  /** Its process has joined. */
  joined(remote: Remote): void {
    this.remote = remote;
    this.#isUp();
  }

  /** Its process is gone. */
  left(): void {
    if (this.remote === null) return;
    this.remote = null;
    this.up = new Promise((resolve) => this.#isUp = resolve);
  }

  /** The status that it reports; `null` if it has no process, or the process was killed meanwhile. */
  async status(): Promise<Status | null> {
    const outcome: Outcome | undefined = await this.remote?.tell({ do: "status" })
      .catch(() => undefined);
    return (outcome?.value as Status | undefined) ?? null;
  }
}

/** Members and clients on loopback, each in its own process, on a network that can be cut. */
export class Cluster {
  readonly stations: readonly Station[];
  readonly network: Network;
  /** The present list of members, which every process is started with. */
  list: readonly string[];
  readonly #options: ClusterOptions;
  readonly #lifeline = new Lifeline();

  constructor(options: ClusterOptions) {
    const { members, clients } = options;
    this.#options = options;
    this.list = options.list ?? Object.keys(members);
    this.stations = [
      ...Object.entries(members).map(([id, runtime]) => new Station(id, runtime, true)),
      ...Object.entries(clients).map(([id, runtime]) => new Station(id, runtime, false)),
    ];
    this.network = new Network(this.stations.map(({ id }) => id), Object.keys(members));
  }

  /** The stations of the present members. */
  get members(): Station[] {
    return this.stations.filter((station) => this.isPresent(station));
  }

  /** Whether a node is a member now. */
  isPresent({ id }: Station): boolean {
    return this.list.includes(id);
  }

  /** Time that the process of the node `id` was ready to run but had no processor, in milliseconds. */
  waited(id: string): number {
    return this.stations.find((station) => station.id === id)?.remote?.waited ?? 0;
  }

  /** Starts the process of `station`, with an empty memory; resolves when it has joined. */
  async start(station: Station): Promise<void> {
    station.joined(await this.#launch(station));
  }

  /**
   * Starts another process for `station` under the same id, while the current one still runs. Resolves
   * to the older process when the new one has joined.
   */
  async replace(station: Station): Promise<Remote> {
    const older = station.remote!;
    station.isBeingReplaced = true;
    station.joined(await this.#launch(station));
    return older;
  }

  async #launch(station: Station): Promise<Remote> {
    const { over, sessionTtl, broken, resource, folder, onEvent } = this.#options;
    const { id, runtime } = station;
    const name = station.nextStart();
    const remote = await Remote.start({
      id,
      name,
      runtime,
      broken: broken(id),
      log: `${folder}/${name}.${runtime}.log`,
      lifeline: this.#lifeline,
      onEvent,
    });
    const port = await remote.listening;
    if (station.isMember) this.network.lead(id, port);
    const scheme = over === "http" ? "http" : "ws";
    const peers: Record<string, string> = {};
    for (const [other, port] of this.network.portsOf(id)) {
      peers[other] = `${scheme}://127.0.0.1:${port}/synod`;
    }
    const { error } = await remote.tell({
      do: "join",
      id,
      members: this.list,
      peers,
      over,
      secret: SECRET,
      sessionTtl,
      timeout: TIMEOUT,
      resource,
    });
    if (error !== undefined) throw new Error(`${id} cannot join: ${error.name}: ${error.message}`);
    return remote;
  }

  /** Kills the process of `station`, and closes its connections. */
  async kill(station: Station): Promise<void> {
    const { remote } = station;
    station.left();
    await remote?.kill();
    this.network.lead(station.id, null);
  }

  /**
   * Waits until `station` works: it has a quorum and a session, and a member votes. Resolves to false
   * after `patience` milliseconds.
   */
  async works(station: Station, patience: number): Promise<boolean> {
    return await this.#comesTrue(patience, async () => {
      const status = await station.status();
      if (!status?.hasQuorum) return false;
      const own = status.members.find(({ id }) => id === station.id);
      return !this.isPresent(station) || own?.state === "operational";
    });
  }

  /** Waits until the node of `older` reports that it was replaced. */
  async isReplaced(older: Remote, patience: number): Promise<boolean> {
    return await this.#comesTrue(patience, async () => {
      const outcome = await older.tell({ do: "get", key: "anything" }).catch(() => null);
      return outcome?.error?.code === "replaced";
    });
  }

  /** Waits until all of `stations` work, know the members, and reach every one; returns the first exception, or null. */
  async isWhole(stations: readonly Station[], patience: number): Promise<string | null> {
    let missing = "";
    const whole = await this.#comesTrue(patience, async () => {
      const faults = await Promise.all(stations.map((station) => this.#missingTo(station)));
      missing = faults.filter((fault) => fault !== null).join(", ");
      return missing === "";
    });
    return whole ? null : missing;
  }

  async #missingTo(station: Station): Promise<string | null> {
    const status = await station.status();
    if (status === null) return `${station.id} is gone`;
    if (!status.hasQuorum) return `${station.id} has no quorum`;
    const known = status.members.map(({ id }) => id);
    if ([...known].sort().join() !== [...this.list].sort().join()) {
      return `${station.id} knows the members ${known.join(" ")}`;
    }
    const missing = status.members.filter(({ reachable, state }) =>
      !reachable || state !== "operational"
    );
    if (missing.length === 0) return null;
    return `${station.id} misses ${missing.map(({ id }) => id).join(" ")}`;
  }

  /** Closes everything; the processes are killed. */
  async close(): Promise<void> {
    await Promise.all(this.stations.map((station) => this.kill(station)));
    this.network.close();
    await this.#lifeline.close();
  }

  async #comesTrue(patience: number, check: () => Promise<boolean>): Promise<boolean> {
    const end = performance.now() + patience;
    for (;;) {
      if (await check()) return true;
      if (performance.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }
}
