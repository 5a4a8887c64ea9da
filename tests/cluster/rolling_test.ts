// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ChildSpec, ClusterNode } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Time that methods, starts and owners of locks take, in milliseconds. */
const METHOD = 10;
const START = 5;
const HELD = 3;

/** Users of each kind. */
const CALLERS = 8;
const CONTENDERS = 8;
const WRITERS = 4;

/** A call that runs, the hand-over, the start, and the call, with some round trips of a millisecond between them. */
const LONGEST_CALL = METHOD + START + METHOD + 35;

/** All other contenders, with two round trips for each hand-over, and one message that has to be sent again. */
const LONGEST_LOCK = CONTENDERS * (HELD + 2) + 70;

const LONGEST_PUT = 10;

/** What the users of a cluster experience. */
class Load {
  readonly failed: string[] = [];
  readonly longest = { call: 0, lock: 0, put: 0 };
  readonly done = { call: 0, lock: 0, put: 0 };
  #isOver = false;
  readonly #users: Promise<void>[] = [];
  readonly #cluster: VirtualCluster;

  constructor(cluster: VirtualCluster) {
    this.#cluster = cluster;
  }

  /** A user that does the same again and again. */
  add(kind: keyof Load["done"], what: (n: number) => Promise<unknown>): void {
    const { runtime } = this.#cluster.time;
    const run = async () => {
      for (let n = 0; !this.#isOver; n++) {
        const begun = runtime.now();
        try {
          await what(n);
        } catch (error) {
          this.failed.push(`${kind} at ${begun}: ${error}`);
        }
        this.longest[kind] = Math.max(this.longest[kind], runtime.now() - begun);
        this.done[kind]++;
        await this.pause(5);
      }
    };
    this.#users.push(run());
  }

  pause(time: number): Promise<void> {
    return new Promise((resolve) => void this.#cluster.time.runtime.setTimer(resolve, time));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#cluster.time.until(Promise.all(this.#users));
  }
}

function useAll(
  load: Load,
  node: ClusterNode,
  spec: ChildSpec<{ work(): Promise<void> }, []>,
): void {
  for (let user = 0; user < CALLERS / 2; user++) {
    // Two users of each key, on different nodes.
    const remote = node.name(user, spec);
    load.add("call", () => remote.work());
  }
  for (let user = 0; user < CONTENDERS / 2; user++) {
    load.add("lock", async () => {
      await using lock = await node.lock("lock");
      await load.pause(HELD);
      if (!lock.held) throw new Error("the lock was lost");
    });
  }
  for (let user = 0; user < WRITERS / 2; user++) {
    load.add("put", async (n) => {
      const put = await node.kv.put([node.id, user, n], n, { until: node.kv.now() + 60_000 });
      if (!put.ok) throw new Error(put.error);
    });
  }
}

describe("a rolling restart of all members", () => {
  it("fails no operation, and delays none for longer than a hand-over and a start", async () => {
    for (let offset = 0; offset < 6; offset++) {
      let running = 0;
      const spec: ChildSpec<{ work(): Promise<void> }, []> = {
        id: "worker",
        async start() {
          await load.pause(START);
          running++;
          return { work: () => load.pause(METHOD) };
        },
      };
      await using cluster = await VirtualCluster.start(3, { hosts: [spec], clients: true });
      const { time } = cluster;
      const load = new Load(cluster);
      const clients = await Promise.all(
        ["c1", "c2"].map((id) => cluster.join(id, { hosts: [] })),
      );
      await time.until(Promise.all(clients.map((client) => client.ready)));
      for (const client of clients) useAll(load, client, spec);
      await cluster.pass(100);
      for (const id of cluster.members) {
        await cluster.pass(50 + 3.1 * offset);
        await time.until(cluster.node(id).close());
        await cluster.pass(20);
        const next = await cluster.join(id);
        await time.until(next.ready);
      }
      await cluster.pass(100);
      await load.end();
      assertEquals(load.failed, []);
      assertGreater(running, CALLERS / 2);
      assertLess(load.longest.call, LONGEST_CALL);
      assertLess(load.longest.lock, LONGEST_LOCK);
      assertLess(load.longest.put, LONGEST_PUT);
    }
  });
});
