import { joinWith } from "../../../lib/cluster/join.ts";
import type { Runtime } from "../../../lib/node/runtime/runtime.ts";
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
  /** Called with each frame that is sent. */
  onSend: (from: string, frame: Uint8Array) => void = () => {};
  /** What was said to those that are deaf, and waits. */
  readonly #unheard = new Map<string, (() => void)[]>();

  /** Members `n1`, `n2`, and so on, all of them ready. */
  static async start(
    size: number,
    options: Partial<JoinOptions> = {},
    runtimes: (id: string, time: VirtualTime) => Runtime = (_, { runtime }) => runtime,
  ): Promise<TimedCluster> {
    const cluster = new TimedCluster();
    const members = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    for (const id of members) {
      const transport = cluster.#tapped(id, cluster.time.network.transport());
      const node = await joinWith(
        { id, members, transport, ...options },
        runtimes(id, cluster.time),
      );
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

  /** Ends every cut. */
  heal(): void {
    this.time.network.heal();
  }

  /** From now on what is said to `id` does not arrive, but waits. */
  deafen(id: string): void {
    if (!this.#unheard.has(id)) this.#unheard.set(id, []);
  }

  /** All that was said to `id` meanwhile arrives now. */
  undeafen(id: string): void {
    const unheard = this.#unheard.get(id) ?? [];
    this.#unheard.delete(id);
    for (const hear of unheard) hear();
  }

  /** Whether `promise` has settled after a while in which everything that is under way arrives. */
  async isSettled(promise: Promise<unknown>): Promise<boolean> {
    let settled = false;
    const settle = () => settled = true;
    promise.then(settle, settle);
    await this.time.pass(50);
    return settled;
  }

  /** Lets time pass until `check` says yes. */
  async eventually(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const end = this.now + 60_000;
    while (!await this.until(Promise.resolve(check()))) {
      if (this.now > end) throw new Error(`${what}: it never happened`);
      await this.time.pass(5);
    }
  }

  /** Lets time pass until so many requests are in the queue of the lock `name`. */
  async untilQueued(node: ClusterNode, name: string, count: number): Promise<void> {
    await this.eventually(async () => {
      const { pending } = await node.locks.query();
      return pending.filter((request) => request.name === name).length === count;
    }, `${count} requests in the queue of "${name}"`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await this.until(Promise.all(this.nodes.map((node) => node.close())));
  }

  #tapped(id: string, inner: Transport): Transport {
    return {
      open: (self, receive) =>
        inner.open(self, (from, frame) => {
          const unheard = this.#unheard.get(self);
          if (unheard === undefined) receive(from, frame);
          else unheard.push(() => receive(from, frame));
        }),
      send: (to, frame) => {
        this.frames++;
        this.onSend(id, frame);
        inner.send(to, frame);
      },
      close: () => inner.close(),
    };
  }
}

/** A clock of `n1` that goes ahead of its timers, as after its loop was blocked for some time. */
export class BlockedLoop {
  #blocked = 0;
  readonly #perLook: number;

  /** `perLook`: so many milliseconds pass between one look at the clock and the next. */
  constructor(perLook = 0) {
    this.#perLook = perLook;
  }

  /** For {@linkcode TimedCluster.start}. */
  readonly runtimes = (id: string, { runtime }: VirtualTime): Runtime =>
    id !== "n1" ? runtime : {
      ...runtime,
      now: () => {
        this.#blocked += this.#perLook;
        return runtime.now() + this.#blocked;
      },
    };

  /** How far the clock of `n1` is ahead of its timers, in milliseconds. */
  get ahead(): number {
    return this.#blocked;
  }

  /** So many milliseconds have passed for `n1`, in which nothing of it ran. */
  block(duration: number): void {
    this.#blocked += duration;
  }
}
