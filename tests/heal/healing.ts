import { type ClusterNode, join } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { webSocket } from "../../transports/websocket.ts";
import { SECRET } from "../transports/support/networks.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../transports/support/server.ts";
import { type Cut, CutNetwork } from "./cut_network.ts";

/** The transports that can be measured. */
export const OVER = ["webSocket", "http"] as const;
export type Over = typeof OVER[number];

/** The members; the last one is the one that is cut off alone. */
const MEMBERS = ["w1", "w2", "w3"];

/** Interval at which nodes write and are looked at, in milliseconds. */
const STEP = 20;

/** The longest time to wait for the cluster to be whole, in milliseconds. */
const PATIENCE = 20_000;

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

/** Three members over real sockets, with default options. */
export class HealingCluster {
  readonly #nodes: ClusterNode[] = [];
  readonly #servers: TestServer[] = [];
  #network: CutNetwork | null = null;
  #puts = 0;

  static async start(over: Over): Promise<HealingCluster> {
    const cluster = new HealingCluster();
    const scheme = over === "http" ? "http" : "ws";
    const ports = new Map<string, number>();
    for (const id of MEMBERS) {
      const server = await TestServer.start();
      cluster.#servers.push(server);
      ports.set(id, server.port);
    }
    const network = cluster.#network = await CutNetwork.start(ports);
    for (const [index, id] of MEMBERS.entries()) {
      const others = MEMBERS.filter((other) => other !== id);
      const peers = Object.fromEntries(
        others.map((to) => [to, `${scheme}://127.0.0.1:${network.port(id, to)}/synod`]),
      );
      const transport = over === "http"
        ? http({ peers, secret: SECRET })
        : webSocket({ peers, secret: SECRET, upgradeWebSocket, WebSocket: ClientWebSocket });
      cluster.#servers[index].mount(transport.routes);
      cluster.#nodes.push(await join({ id, members: MEMBERS, transport }));
    }
    await Promise.all(cluster.#nodes.map((node) => node.ready));
    return cluster;
  }

  /**
   * Cuts the last member off, or all members (`everything`), for `duration` milliseconds. Returns the milliseconds
   * from the end of the cut until each node has a quorum, reaches every member, sees it vote, and can write.
   */
  async heal(cut: Cut, everything: boolean, duration: number): Promise<number> {
    if (this.#network === null) throw new Error("not started");
    await this.#whole();
    // Traffic, as a program has it.
    const load = setInterval(() => {
      for (const node of this.#nodes) void this.#put(node, 500);
    }, 2 * STEP);
    this.#network.cut(cut, everything ? null : MEMBERS[MEMBERS.length - 1]);
    await pause(duration);
    this.#network.mend();
    const begun = performance.now();
    await this.#whole();
    clearInterval(load);
    return performance.now() - begun;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()));
    await this.#network?.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  async #whole(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#works(node)));
  }

  /** Resolves when `node` works: the first of the looks that succeeds decides, since one may wait for lost answers. */
  #works(node: ClusterNode): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        clearInterval(timer);
        void node.status().then((status) => reject(new Error(JSON.stringify(status))));
      }, PATIENCE);
      const look = async () => {
        const status = await node.status();
        const isWhole = status.hasQuorum &&
          status.members.every(({ reachable, state }) => reachable && state === "operational");
        if (!isWhole || !await this.#put(node, 2_000)) return;
        clearInterval(timer);
        clearTimeout(late);
        resolve();
      };
      const timer = setInterval(look, STEP);
    });
  }

  async #put(node: ClusterNode, timeout: number): Promise<boolean> {
    const until = node.kv.now() + 5_000;
    const result = await node.kv.put(["heal", this.#puts++], 1, { until, timeout })
      .catch(() => null);
    return result?.ok === true;
  }
}
