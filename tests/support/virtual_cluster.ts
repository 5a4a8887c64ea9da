import { joinWith } from "../../lib/cluster/join_with.ts";
import type { ClusterNode, Transport } from "../../mod.ts";
import type { NodeOptions } from "./real_cluster.ts";
import { hostOf, joinAsGuest, memberOf, namesOf, nodeKind, SERVING } from "./node_kind.ts";
import { turn } from "./wait.ts";
import { VirtualTime } from "./virtual_time.ts";

/** Wraps the transport of the node `id`. */
export type Wrap = (transport: Transport, id: string) => Transport;

/** A cluster on a virtual clock, independent of the speed of the machine. */
export class VirtualCluster {
  readonly time = new VirtualTime();
  readonly members: readonly string[];
  /** The members in order, and then the nodes that joined later. */
  readonly nodes: ClusterNode[] = [];
  readonly #options: NodeOptions;
  readonly #wrap: Wrap;
  /** The members behind guests. */
  readonly background: ClusterNode[] = [];
  /** Those of them that have crashed. */
  readonly #crashed: ClusterNode[] = [];
  readonly #transports = new Map<string, Pick<Transport, "close">>();

  private constructor(size: number, options: NodeOptions, wrap: Wrap) {
    this.members = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    this.#options = options;
    this.#wrap = wrap;
  }

  /** A cluster of `size` members, all of them ready. */
  static async start(
    size: number,
    options: NodeOptions = {},
    wrap: Wrap = (transport) => transport,
  ): Promise<VirtualCluster> {
    const cluster = new VirtualCluster(size, options, wrap);
    for (const id of cluster.members) await cluster.join(id);
    const all = [...cluster.nodes, ...cluster.background];
    await cluster.time.until(Promise.all(all.map((node) => node.ready)));
    return cluster;
  }

  /** Adds a node; `options` override those of the cluster. */
  async join(id: string, options: NodeOptions = {}): Promise<ClusterNode> {
    if (nodeKind.areGuests) return await this.#joinAsGuest(id, { ...this.#options, ...options });
    const transport = this.#wrap(this.time.network.transport(), id);
    this.#transports.set(id, transport);
    const all = { members: this.members, ...this.#options, ...options, id, transport };
    const node = await joinWith(all, this.time.runtime);
    this.nodes.push(node);
    return node;
  }

  async #joinAsGuest(id: string, options: NodeOptions): Promise<ClusterNode> {
    const { network, runtime } = this.time;
    const members = this.members.map(memberOf);
    const isVoter = this.members.includes(id);
    const isThere = this.background.some((node) => node.id === memberOf(id));
    if (isVoter ? !isThere : options.hosts !== undefined) {
      const transport = this.#wrap(network.transport(), memberOf(id));
      this.#transports.set(memberOf(id), transport);
      const member = { ...options, members, ...SERVING, signal: undefined };
      this.background.push(await joinWith({ ...member, id: memberOf(id), transport }, runtime));
    }
    const { node, crash } = joinAsGuest(id, options, network, members, runtime);
    this.#transports.set(id, { close: crash });
    this.nodes.push(node);
    return node;
  }

  /** The latest node with this id. */
  node(id: string): ClusterNode {
    return this.nodes.findLast((node) => node.id === id)!;
  }

  /** The ids of the nodes that vote. */
  get voters(): readonly string[] {
    return this.members.map(hostOf);
  }

  /** The node that hosts singletons for the node `id`: the latest one. */
  host(id: string): ClusterNode {
    return this.hosts.findLast((node) => node.id === hostOf(id))!;
  }

  /** These nodes. */
  get hosts(): readonly ClusterNode[] {
    return nodeKind.areGuests ? this.background : this.nodes;
  }

  /** Lets `duration` milliseconds pass, after all pending work is done. */
  async pass(duration: number): Promise<void> {
    await turn();
    await this.time.pass(duration);
    await turn();
  }

  /** Disconnects the latest node with this id; another one may take its place. */
  crash(id: string): void {
    this.#transports.get(id)!.close();
  }

  /** As {@linkcode crash}; the member behind a guest crashes too. */
  crashHost(id: string): void {
    this.crash(id);
    if (!nodeKind.areGuests) return;
    this.crash(memberOf(id));
    const index = this.background.findLastIndex((node) => node.id === memberOf(id));
    this.#crashed.push(...this.background.splice(index, 1));
  }

  /** Cuts each of these nodes off from all others, in both directions. */
  isolate(...ids: string[]): void {
    this.time.network.partition(...ids.map(namesOf));
  }

  /** Ends all cuts. */
  heal(): void {
    this.time.network.heal();
  }

  /** Closes all nodes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await this.time.until(Promise.all(this.nodes.map((node) => node.close())));
    const behind = [...this.background, ...this.#crashed];
    await this.time.until(Promise.all(behind.map((node) => node.close())));
  }
}
