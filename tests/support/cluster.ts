import { type ClusterNode, join, type JoinOptions } from "../../mod.ts";
import { type MemoryNetwork, memoryNetwork, type Schedule } from "../../transports/memory.ts";

/** What a node of a test joins with, besides its id and its transport. */
export type NodeOptions = Partial<Omit<JoinOptions, "id" | "transport">>;

/** How to start a cluster. */
export interface ClusterOptions extends Omit<NodeOptions, "members"> {
  /** What single nodes join with besides, by their id. */
  each?: Readonly<Record<string, NodeOptions>>;
  /** What becomes of each frame; by default it arrives once and in order. */
  schedule?: Schedule;
}

/** A cluster within the test, over a network that can be cut. */
export class Cluster {
  /** `n1`, `n2`, and so on. */
  readonly members: readonly string[];
  readonly network: MemoryNetwork;
  /** The members, in order; later also whoever joined with {@linkcode join}. */
  readonly nodes: ClusterNode[] = [];
  readonly #options: ClusterOptions;

  constructor(size: number, options: ClusterOptions = {}) {
    this.members = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    const { schedule } = options;
    this.network = memoryNetwork(schedule === undefined ? {} : { schedule });
    this.#options = options;
  }

  /** One more node; `options` come on top of those of the cluster. */
  async join(id: string, options: NodeOptions = {}): Promise<ClusterNode> {
    const { each = {}, schedule: _, ...shared } = this.#options;
    const node = await join({
      members: this.members,
      ...shared,
      ...each[id],
      ...options,
      id,
      transport: this.network.transport(),
    });
    this.nodes.push(node);
    return node;
  }

  /** From now on each of these hears nobody, and nobody hears it. */
  isolate(...ids: string[]): void {
    this.network.partition(...ids.map((id) => [id]));
  }

  /** Ends every cut. */
  heal(): void {
    this.network.heal();
  }

  /** Closes all nodes; a cut would only make them wait for each other. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await Promise.all(this.nodes.map((node) => node.close()));
  }
}

/** A cluster of so many members, all of them ready. */
export async function startCluster(size: number, options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(size, options);
  for (const id of cluster.members) await cluster.join(id);
  await Promise.all(cluster.nodes.map((node) => node.ready));
  return cluster;
}
