import { joinWith } from "../../lib/cluster/join_with.ts";
import type { ClusterNode, JoinOptions } from "../../mod.ts";
import { type MemoryNetwork, memoryNetwork, type Schedule } from "../../transports/memory.ts";
import { hostOf, joinAsGuest, memberOf, namesOf, nodeKind, SERVING } from "./node_kind.ts";
import { SkippingRuntime } from "./skipping_runtime.ts";
import { SteadyClock } from "./steady_clock.ts";
import { eventually } from "./wait.ts";

/** The options of a test's node, without its id and its transport. */
export type NodeOptions = Partial<Omit<JoinOptions, "id" | "transport">>;

/** The options of a cluster. */
export interface ClusterOptions extends Omit<NodeOptions, "members"> {
  /** Additional options of single nodes, by id. */
  each?: Readonly<Record<string, NodeOptions>>;
  /** Decides how each frame is delivered; by default once and in order. */
  schedule?: Schedule;
}

/** The time to live of sessions without the option `sessionTtl`, in milliseconds. */
const USUAL_TTL = 5_000;

/** A cluster in the test's own process, over a network that can be cut. */
export class Cluster {
  /** The ids: `n1`, `n2`, and so on. */
  readonly members: readonly string[];
  readonly network: MemoryNetwork;
  /** The members, in order, and then the nodes that joined with {@linkcode join}. */
  readonly nodes: ClusterNode[] = [];
  /** The members behind guests. */
  readonly background: ClusterNode[] = [];
  readonly #options: Omit<ClusterOptions, "schedule">;
  /** The clock of the nodes: what the machine does meanwhile does not count. */
  readonly clock = new SteadyClock();
  /** That of guests and the members behind them. */
  readonly #runtime = new SkippingRuntime(this.clock.runtime());

  constructor(size: number, options: ClusterOptions = {}) {
    this.members = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    const { schedule, ...others } = options;
    this.network = memoryNetwork(schedule === undefined ? {} : { schedule });
    this.#options = others;
  }

  /** Adds a node; `options` override those of the cluster. */
  async join(id: string, options: NodeOptions = {}): Promise<ClusterNode> {
    if (nodeKind.areGuests) return await this.#joinAsGuest(id, options);
    const { each = {}, ...shared } = this.#options;
    const own = { ...shared, ...each[id], ...options, id, transport: this.network.transport() };
    const node = await joinWith({ members: this.members, ...own }, this.clock.runtime());
    this.nodes.push(node);
    return node;
  }

  async #joinAsGuest(id: string, options: NodeOptions): Promise<ClusterNode> {
    const { each = {}, ...shared } = this.#options;
    const all = { ...shared, ...each[id], ...options };
    const { members: ids = this.members } = all;
    const members = ids.map(memberOf);
    const isMember = ids.includes(id) && !this.background.some((node) => node.id === memberOf(id));
    if (isMember || (!ids.includes(id) && all.hosts !== undefined)) {
      const transport = this.network.transport();
      const member = { ...all, members, ...SERVING, signal: undefined };
      this.background.push(
        await joinWith({ ...member, id: memberOf(id), transport }, this.#runtime),
      );
    }
    const { node } = joinAsGuest(id, all, this.network, members, this.#runtime);
    this.nodes.push(node);
    return node;
  }

  /** The node that hosts singletons for the node `id`. */
  host(id: string): ClusterNode {
    const all = nodeKind.areGuests ? this.background : this.nodes;
    return all.findLast((node) => node.id === hostOf(id))!;
  }

  /** These nodes, in the order of the nodes that they host for. */
  get hosts(): readonly ClusterNode[] {
    return nodeKind.areGuests ? this.background : this.nodes;
  }

  /**
   * Waits until all nodes are ready. A cluster with clients grants no session in its first `maxSessionTtl`: that
   * time is skipped.
   */
  async ready(): Promise<void> {
    if (nodeKind.areGuests) {
      await eventually(async () => {
        const { members } = await this.background[0].status();
        return members.every(({ state }) => state === "operational");
      }, "the members are operational");
      this.#runtime.skip(Math.max(USUAL_TTL, this.#options.sessionTtl ?? 0));
    }
    await Promise.all([...this.nodes, ...this.background].map((node) => node.ready));
  }

  /** Cuts each of these nodes off from all others, in both directions. */
  isolate(...ids: string[]): void {
    this.network.partition(...ids.map(namesOf));
  }

  /** Cuts these groups of nodes off from each other. */
  partition(...groups: string[][]): void {
    this.network.partition(...groups.map((ids) => ids.flatMap(namesOf)));
  }

  /** Ends all cuts. */
  heal(): void {
    this.network.heal();
  }

  /** Closes all nodes, after ending all cuts, which would delay the closing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await Promise.all(this.nodes.map((node) => node.close()));
    await Promise.all(this.background.map((node) => node.close()));
  }
}

/** A cluster of `size` members, all of them ready. */
export async function startCluster(size: number, options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(size, options);
  for (const id of cluster.members) await cluster.join(id);
  await cluster.ready();
  return cluster;
}
