import { assertEquals } from "@std/assert";
import type { ChildContext, ChildSpec, State } from "../../../mod.ts";
import { VirtualCluster } from "../../support/virtual_cluster.ts";
import { keyFor } from "./keys.ts";

/** Time to live of sessions, in milliseconds. */
export const SESSION_TTL = 1_000;

/** An instance that counts, and leaves its count to the next one. */
export interface Counter {
  inc(): Promise<number>;
  get(): number;
  reset(): Promise<void>;
  exit(forget?: boolean): void;
}

/** Counters, and the contexts and states of all instances. */
export class Counters {
  readonly contexts: ChildContext[] = [];
  readonly states: State<number>[] = [];
  /** What the next start does besides, before its state is open. */
  early: (context: ChildContext) => void = () => {};
  readonly spec: ChildSpec<Counter, []> = {
    id: "counter",
    start: async (context) => {
      const { early } = this;
      this.early = () => {};
      early(context);
      const count = await context.state("count", 0);
      this.contexts.push(context);
      this.states.push(count);
      return {
        inc: () => count.update((n) => n + 1),
        get: () => count.value,
        reset: () => count.delete(),
        exit: (forget = false) => void context.exit(undefined, { forget }),
      };
    },
  };

  /** The state of the last instance. */
  get last(): State<number> {
    return this.states[this.states.length - 1];
  }
}

/** A cluster with a counter that runs on `n3`; the next host in its order is `n2`. */
export async function startCounting() {
  const counters = new Counters();
  // A write is tried again several times before the session is over.
  const options = { hosts: [counters.spec], sessionTtl: SESSION_TTL, timeout: 200 };
  const cluster = await VirtualCluster.start(3, options);
  const key = keyFor("counter", ["n3", "n2", "n1"]);
  const [node] = cluster.nodes;
  const { time } = cluster;
  const remote = node.name(key, counters.spec);
  assertEquals(await time.until(remote.get()), 0);
  return {
    ...{ cluster, counters, time, node, key, remote },
    hosts: () => counters.contexts.map(({ node }) => node),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
