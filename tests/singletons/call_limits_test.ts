// Runs by itself: it measures memory.
import { assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { ChildSpec } from "../../mod.ts";
import { BlockedLoop, TimedCluster } from "../locks/support/timed_cluster.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { heapUsed } from "../support/heap.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { quiet, turn } from "../support/wait.ts";

describe("the limits of a call", () => {
  it("that has not begun: it is tried again within its own time limit, not that of the node", async () => {
    const spec = {
      id: "s",
      start: ({ exit }: { exit(): Promise<void> }) => ({ value: () => 1, end: () => void exit() }),
      stop: () => turn(500),
    };
    await using cluster = await startCluster(1, { hosts: [spec], timeout: 200 });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    await node.call(remote, "end");
    assertEquals(await node.call(remote, "value", [], { timeout: 10_000 }), 1);
  });

  it("that is aborted before it begins: it starts no instance", async () => {
    let starts = 0;
    const spec = {
      id: "s",
      start: () => {
        starts++;
        return { value: () => 1 };
      },
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    const signal = AbortSignal.abort(new Error("never mind"));
    const told = await node.call(remote, "value", [], { signal }).catch((error) => error.message);
    await turn(50);
    assertEquals([told, await node.lookup(remote)], ["never mind", {
      ok: false,
      error: "not_found",
    }]);
    assertEquals(starts, 0);
  });

  it("that passed while the event loop was blocked: a TimeoutError, even if its host seems gone by then", async () => {
    const spec = { id: "s", start: () => ({ wait: () => new Promise<void>(() => {}) }) };
    const loop = new BlockedLoop();
    const options = { hosts: [spec], sessionTtl: 600_000 };
    await using cluster = await TimedCluster.start(3, options, loop.runtimes);
    const [node] = cluster.nodes;
    const { remote } = await onAnotherNode(cluster, spec);
    const reason = reasonOf(node.call(remote, "wait", [], { timeout: 10_000 }));
    await cluster.time.pass(20);
    // The node has asked more than once and is about to ask again: then the host counts as silent.
    cluster.isolate(node.id);
    await cluster.time.pass(1_500);
    loop.block(60_000);
    assertEquals((await cluster.until(reason) as Error).name, "TimeoutError");
  });

  it("that passed while the event loop was blocked: a TimeoutError, even if the call is refused by then", async () => {
    const spec = {
      id: "s",
      start: ({ exit }: { exit(): Promise<void> }) => ({ value: () => 1, end: () => void exit() }),
      stop: () => new Promise<void>(() => {}),
    };
    const loop = new BlockedLoop();
    const options = { hosts: [spec], sessionTtl: 600_000 };
    await using cluster = await TimedCluster.start(3, options, loop.runtimes);
    const [node] = cluster.nodes;
    const { remote } = await onAnotherNode(cluster, spec);
    await cluster.until(node.call(remote, "end"));
    const reason = reasonOf(node.call(remote, "value", [], { timeout: 500 }));
    loop.block(60_000);
    assertEquals((await cluster.until(reason) as Error).name, "TimeoutError");
  });
});

/** A singleton that does not run on the first node. */
async function onAnotherNode<T extends object>(
  cluster: TimedCluster,
  spec: ChildSpec<T, []>,
): Promise<{ remote: object }> {
  const [node] = cluster.nodes;
  for (let key = 0;; key++) {
    const remote = node.name(key, spec);
    const place = await cluster.until(node.whereis(remote));
    if (place.ok && place.value.node !== node.id) return { remote };
  }
}

describe("a call whose instance", () => {
  it("exits while it starts: it ends with the reason, after one start", async () => {
    for (const lingers of [false, true]) {
      let starts = 0;
      const spec: ChildSpec<{ value(): number }, []> = {
        id: "s",
        start: (context) => {
          starts++;
          void context.exit(Object.assign(new RangeError("not today"), { code: "SHUT" }));
          return lingers ? new Promise<never>(() => {}) : { value: () => 1 };
        },
      };
      await using cluster = await VirtualCluster.start(3, { hosts: [spec] });
      const { time, nodes } = cluster;
      for (const node of nodes) {
        const reason = await time.until(reasonOf(node.name("k", spec).value()));
        assertInstanceOf(reason, Error);
        const { name, message, code } = reason as Error & { code?: string };
        assertEquals([name, message, code], ["RangeError", "not today", "SHUT"]);
      }
      assertEquals(starts, 3);
    }
  });

  it("exits while it starts, without a reason: it rejects with `exited`", async () => {
    const spec: ChildSpec<{ value(): number }, []> = {
      id: "s",
      start: (context) => {
        void context.exit();
        return { value: () => 1 };
      },
    };
    await using cluster = await VirtualCluster.start(3, { hosts: [spec] });
    const { time, nodes: [node] } = cluster;
    await assertCode(time.until(node.name("k", spec).value()), "exited");
  });

  it("hangs in its stop: it is repeated within its own time limit, even if that of the node is short", async () => {
    const spec: ChildSpec<{ value(): number; end(): void }, []> = {
      id: "s",
      start: ({ exit }) => ({ value: () => 1, end: () => void exit() }),
      stop: () => new Promise(() => {}),
    };
    await using cluster = await VirtualCluster.start(3, { hosts: [spec], timeout: 300 });
    const { time, nodes } = cluster;
    await time.until(nodes[0].name("k", spec).end());
    const calls = nodes.map((node) => node.name("k", spec).value());
    assertEquals(await time.until(Promise.all(calls)), [1, 1, 1]);
  });

  it("has one host, which loses its session during the start: the instance is started there again", async () => {
    for (const own of [false, true]) {
      let starts = 0;
      let asleep = 0;
      const spec: ChildSpec<{ value(): number }, []> = {
        id: "s",
        start: () => ++starts === 1 ? new Promise<never>(() => {}) : { value: () => 1 },
      };
      // The time limit of an operation is shorter than the start takes.
      const options = { clients: true, sessionTtl: 1_000, timeout: 80 };
      await using cluster = await VirtualCluster.start(3, options);
      const { time, voters: members, nodes } = cluster;
      const { runtime } = time;
      const host = await joinWith({
        ...{ id: "host", members, sessionTtl: 1_000, hosts: [spec] },
        transport: time.network.transport(),
      }, { ...runtime, now: () => runtime.now() + asleep });
      cluster.background.push(host);
      await time.until(host.ready);
      const call = quiet((own ? host : nodes[0]).name("k", spec).value());
      await cluster.pass(100);
      assertEquals(starts, 1);
      // The host sleeps; its deadline has passed when it wakes.
      asleep = 2_000;
      assertEquals(await time.until(call), 1);
      assertEquals(starts, 2);
    }
  });
});

describe("calls that wait during the search for an instance", () => {
  it("are dropped once they are over; casts are kept up to a bound", async () => {
    const spec: ChildSpec<{ value(): number }, []> = {
      id: "s",
      start: () => new Promise<never>(() => {}),
    };
    await using cluster = await VirtualCluster.start(1, { hosts: [spec] });
    const { time, nodes: [node] } = cluster;
    const remote = node.name("k", spec);
    const before = await heapUsed();
    for (let round = 0; round < 12; round++) {
      const calls = Array.from(
        { length: 1_000 },
        () =>
          node.call(remote as object, "value", [new Uint8Array(4_000)], { timeout: 50 }).catch(
            () => {},
          ),
      );
      await time.until(Promise.all(calls));
      for (let n = 0; n < 1_000; n++) node.cast(remote as object, "value", [n]);
    }
    // 12,000 calls of 4 kB, which would be 48 MB, and as many casts, of which 10,000 wait.
    const grown = await heapUsed() - before;
    assertLess(grown, 20_000_000, `${grown} bytes`);
  });
});
