import { joinWith } from "../../../lib/node/join.ts";
import type { ClusterNode, JoinOptions, Transport } from "../../../mod.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** How long a question and its answer are under way at most, in milliseconds of virtual time. */
export const ROUND_TRIP = 1.2;

/** A cluster on a clock of its own: how long something takes does not depend on the machine. */
export class TimedCluster {
  readonly time = new VirtualTime();
  readonly nodes: ClusterNode[] = [];
  /** How many frames have been sent. */
  frames = 0;

  /** Members `n1`, `n2`, and so on, all of them ready. */
  static async start(size: number, options: Partial<JoinOptions> = {}): Promise<TimedCluster> {
    const cluster = new TimedCluster();
    const members = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    for (const id of members) {
      const transport = cluster.#counted(cluster.time.network.transport());
      const node = await joinWith({ id, members, transport, ...options }, cluster.time.runtime);
      cluster.nodes.push(node);
    }
    await cluster.until(Promise.all(cluster.nodes.map((node) => node.ready)));
    return cluster;
  }

  /** Milliseconds on its clock. */
  get now(): number {
    return this.time.runtime.now();
  }

  /** Lets time pass until `promise` settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.time.until(promise);
  }

  /** What `work` resolves to, how long it took, and how many frames were sent for it. */
  async measure<T>(work: Promise<T>): Promise<{ value: T; took: number; frames: number }> {
    const [started, sent] = [this.now, this.frames];
    const value = await this.until(work);
    return { value, took: this.now - started, frames: this.frames - sent };
  }

  /** From now on nobody hears these, nor do they hear anybody. */
  isolate(...ids: string[]): void {
    this.time.network.partition(...ids.map((id) => [id]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.time.network.heal();
    await this.until(Promise.all(this.nodes.map((node) => node.close())));
  }

  #counted(inner: Transport): Transport {
    return {
      open: (self, receive) => inner.open(self, receive),
      send: (to, frame) => {
        this.frames++;
        inner.send(to, frame);
      },
      close: () => inner.close(),
    };
  }
}
