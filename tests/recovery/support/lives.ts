import { joinWith } from "../../../lib/cluster/join_with.ts";
import type { Runtime } from "../../../lib/node/runtime/runtime.ts";
import type { ClusterNode, JoinOptions } from "../../../mod.ts";
import { type MemoryNetwork, memoryNetwork } from "../../../transports/memory.ts";
import { SteadyClock } from "../../support/steady_clock.ts";
import type { VirtualTime } from "../../support/virtual_time.ts";
import { turn } from "../../support/wait.ts";
import { Line } from "./line.ts";
import { MortalRuntime } from "../../support/mortal_runtime.ts";

/** The options of a life, besides its id and its transport. */
export type LifeOptions = Partial<Omit<JoinOptions, "id" | "transport">>;

/** Options of a cluster of lives. */
export interface LivesOptions extends Omit<LifeOptions, "members"> {
  /** The clock of all lives; default: real time, without that in which the process stands still. */
  time?: VirtualTime;
}

/** One start of a node, with its line and its runtime. */
interface Life {
  readonly node: ClusterNode;
  readonly line: Line;
  readonly runtime: MortalRuntime;
}

/**
 * A cluster whose nodes crash without notice and start again with an empty memory. After a crash nothing is
 * sent or received, and no timer fires. The next life is another `join` under the same id.
 */
export class Lives {
  /** `n1`, `n2`, and so on. */
  readonly members: readonly string[];
  readonly network: MemoryNetwork;
  readonly #time: VirtualTime | undefined;
  readonly #options: LifeOptions;
  readonly #clock = new SteadyClock();
  readonly #newest = new Map<string, Life>();
  /** All lives that have not crashed, including older ones that still run. */
  readonly #living = new Map<ClusterNode, Life>();

  constructor(size: number, { time, ...options }: LivesOptions = {}) {
    this.members = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    this.network = time?.network ?? memoryNetwork();
    this.#time = time;
    this.#options = options;
  }

  /**
   * Starts a life of `id`; `options` override those of the cluster, and `runtime` replaces its clock. An
   * earlier life of this id is not touched: crash it first, unless two lives are to run at once.
   */
  async start(
    id: string,
    options: LifeOptions = {},
    runtime: Runtime = this.runtime,
  ): Promise<ClusterNode> {
    // No process starts again within the same millisecond, by which lives are ordered.
    if (this.#newest.has(id)) await (this.#time?.pass(2) ?? turn(2));
    const line = new Line(this.network.transport());
    const mortal = new MortalRuntime(runtime);
    const { members } = this;
    const all = { members, ...this.#options, ...options, id, transport: line };
    const node = await joinWith(all, mortal);
    const life = { node, line, runtime: mortal };
    this.#living.set(node, life);
    this.#newest.set(id, life);
    return node;
  }

  /** Starts all members. */
  startAll(): Promise<ClusterNode[]> {
    return Promise.all(this.members.map((id) => this.start(id)));
  }

  /** The latest life of `id`. */
  node(id: string): ClusterNode {
    return this.#latest(id).node;
  }

  /** The latest lives of all members. */
  get nodes(): ClusterNode[] {
    return this.members.map((id) => this.node(id));
  }

  /** The line of a life that has not crashed. */
  line(node: ClusterNode): Line {
    return this.#living.get(node)!.line;
  }

  /** Crashes the latest lives of these nodes, without notice. */
  crash(...ids: string[]): void {
    for (const id of ids) {
      const { node, line, runtime } = this.#latest(id);
      line.isCut = true;
      runtime.die();
      // The crashed node cannot close it, and an open line would keep the test's process alive.
      line.close();
      this.#living.delete(node);
    }
  }

  /** The clock of lives that are not given another one. */
  get runtime(): Runtime {
    return this.#time?.runtime ?? this.#clock.runtime();
  }

  /** Waits for `promise`; with virtual time, lets time pass meanwhile. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.#time?.until(promise) ?? promise;
  }

  /** Closes all lives that have not crashed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.network.heal();
    const closed = [...this.#living.values()].map(({ node }) => node.close());
    await this.until(Promise.all(closed));
  }

  #latest(id: string): Life {
    const life = this.#newest.get(id);
    if (life === undefined) throw new Error(`${id} was never started`);
    return life;
  }
}

/** Starts a cluster of `size` members; resolves when all are ready. */
export async function startLives(size: number, options: LivesOptions = {}): Promise<Lives> {
  const lives = new Lives(size, options);
  const nodes = await lives.startAll();
  await lives.until(Promise.all(nodes.map((node) => node.ready)));
  return lives;
}
