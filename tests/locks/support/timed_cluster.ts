import { joinWith } from "../../../lib/cluster/join_with.ts";
import type { Runtime } from "../../../lib/node/runtime/runtime.ts";
import type { ClusterNode, JoinOptions, Transport } from "../../../mod.ts";
import { joinAsGuest, memberOf, namesOf, nodeKind, SERVING } from "../../support/node_kind.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** Longest round trip, in milliseconds of virtual time. */
export const ROUND_TRIP = 1.2;

/** A cluster on virtual time: durations do not depend on the machine. */
export class TimedCluster {
  readonly time = new VirtualTime();
  readonly nodes: ClusterNode[] = [];
  /** The members behind guests. */
  readonly #background: ClusterNode[] = [];
  /** The number of frames that have been sent. */
  frames = 0;
  /** Called with each frame that is sent. */
  onSend: (from: string, frame: Uint8Array) => void = () => {};
  /** The frames held back for deaf nodes. */
  readonly #unheard = new Map<string, (() => void)[]>();

  /** Starts members `n1`, `n2`, and so on; resolves when all are ready. */
  static async start(
    size: number,
    options: Partial<JoinOptions> = {},
    runtimes: (id: string, time: VirtualTime) => Runtime = (_, { runtime }) => runtime,
  ): Promise<TimedCluster> {
    const cluster = new TimedCluster();
    const members = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    for (const id of members) {
      if (nodeKind.areGuests) {
        await cluster.#joinAsGuest(id, members, options, runtimes);
        continue;
      }
      const transport = cluster.#tapped(id, cluster.time.network.transport());
      const node = await joinWith(
        { id, members, transport, ...options },
        runtimes(id, cluster.time),
      );
      cluster.nodes.push(node);
    }
    const all = [...cluster.nodes, ...cluster.#background];
    await cluster.until(Promise.all(all.map((node) => node.ready)));
    return cluster;
  }

  async #joinAsGuest(
    id: string,
    ids: readonly string[],
    options: Partial<JoinOptions>,
    runtimes: (id: string, time: VirtualTime) => Runtime,
  ): Promise<void> {
    const { network, runtime } = this.time;
    const members = ids.map(memberOf);
    const transport = network.transport();
    const member = { ...options, members, ...SERVING, signal: undefined };
    this.#background.push(await joinWith({ ...member, id: memberOf(id), transport }, runtime));
    this.nodes.push(joinAsGuest(id, options, network, members, runtimes(id, this.time)).node);
  }

  /** The virtual time, in milliseconds. */
  get now(): number {
    return this.time.runtime.now();
  }

  /** Lets time pass until `promise` settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.time.until(promise);
  }

  /** The result of `work`, its duration, and the number of frames sent meanwhile. */
  async measure<T>(work: Promise<T>): Promise<{ value: T; took: number; frames: number }> {
    const [started, sent] = [this.now, this.frames];
    const value = await this.until(work);
    return { value, took: this.now - started, frames: this.frames - sent };
  }

  /** Cuts these nodes off: they neither send nor receive from now on. */
  isolate(...ids: string[]): void {
    this.time.network.partition(...ids.map(namesOf));
  }

  /** Ends the isolation of all nodes. */
  heal(): void {
    this.time.network.heal();
  }

  /** Holds back frames to `id` from now on. */
  deafen(id: string): void {
    if (!this.#unheard.has(id)) this.#unheard.set(id, []);
  }

  /** Delivers all frames that were held back for `id`. */
  undeafen(id: string): void {
    const unheard = this.#unheard.get(id) ?? [];
    this.#unheard.delete(id);
    for (const hear of unheard) hear();
  }

  /** Whether `promise` has settled after everything under way has arrived. */
  async isSettled(promise: Promise<unknown>): Promise<boolean> {
    let settled = false;
    const settle = () => settled = true;
    promise.then(settle, settle);
    await this.time.pass(50);
    return settled;
  }

  /** Lets time pass until `check` returns `true`. */
  async eventually(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const end = this.now + 60_000;
    while (!await this.until(Promise.resolve(check()))) {
      if (this.now > end) throw new Error(`${what}: it never happened`);
      await this.time.pass(5);
    }
  }

  /** Lets time pass until `count` requests are in the queue of the lock `name`. */
  async untilQueued(node: ClusterNode, name: string, count: number): Promise<void> {
    await this.eventually(async () => {
      const { pending } = await node.locks.query();
      return pending.filter((request) => request.name === name).length === count;
    }, `${count} requests in the queue of "${name}"`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await this.until(Promise.all(this.nodes.map((node) => node.close())));
    await this.until(Promise.all(this.#background.map((node) => node.close())));
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

/** A clock of `n1` that is ahead of its timers, as after a blocked event loop. */
export class BlockedLoop {
  #blocked = 0;
  readonly #perLook: number;

  /** `perLook`: time that passes between two reads of the clock, in milliseconds. */
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

  /** Lets `duration` milliseconds pass for `n1` in which nothing runs. */
  block(duration: number): void {
    this.#blocked += duration;
  }
}
