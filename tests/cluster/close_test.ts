import { assertEquals, assertLess, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ClusterNode, join, SynodError, type Transport } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { Cluster, startCluster } from "../support/real_cluster.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { turn, within } from "../support/wait.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

describe("close", () => {
  it("frees the node's values at once, long before its session would have ended", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 60_000 });
    const [first, second, third] = cluster.nodes;
    await first.kv.put("pid", 1, { pid: first.spawn() });
    await first.kv.put("node", 1, { node: "n1" });
    await second.kv.put("by n2", 1, { node: "n1" });
    await second.kv.put("stays", 1);
    const before = cluster.clock.now;
    await first.close();
    assertEquals(valueOf(await third.kv.claim("pid", 2)).mine, true);
    assertEquals(valueOf(await third.kv.claim("node", 2)).mine, true);
    assertEquals(await third.kv.get("by n2"), NOT_FOUND);
    assertEquals(await third.kv.get("stays"), { ok: true, value: 1 });
    assertLess(cluster.clock.now - before, 10_000);
  });

  it("ends every process, with closed as the reason, and does not wait for its function", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    let finish!: () => void;
    const work = new Promise<void>((resolve) => finish = resolve);
    let finished = false;
    const stubborn = first.spawn(async () => {
      await work;
      finished = true;
    });
    const idle = first.spawn();
    await turn();
    await within(first.close(), "close");
    await assertCode(stubborn.result, "closed");
    await assertCode(idle.result, "closed");
    assertEquals((stubborn.signal.reason as SynodError).code, "closed");
    assertEquals((await first.status()).owned.processes, 0);
    assertEquals(finished, false);
    finish();
    await turn();
    assertEquals(finished, true);
  });

  it("rejects operations under way with closed", async () => {
    await using cluster = await startCluster(3, { timeout: 300 });
    const [first] = cluster.nodes;
    cluster.isolate("n1");
    const limits = { timeout: 60_000 };
    const pending = [
      first.kv.put("k", 1, limits),
      first.kv.put("k", 1, { ...limits, noQuorum: "retry" }),
      first.kv.put("k", 1, { ...limits, node: "n2" }),
      first.kv.claim("k", 1, limits),
      first.kv.get("k", limits),
      first.kv.get("k", { ...limits, default: 1 }),
      first.kv.node("k", limits),
      first.kv.pid("k", limits),
      first.kv.token("k", limits),
      first.kv.keys("b", limits),
    ].map((operation) => assertCode(operation, "closed"));
    await turn();
    const before = cluster.clock.now;
    const closed = first.close();
    await within(Promise.all(pending), "what was under way");
    assertLess(cluster.clock.now - before, 250); // at once, not when close is done
    await closed;
  });

  it("rejects later operations with closed", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const process = node.spawn();
    const closed = node.close();
    const check = async () => {
      await assertCode(node.kv.put("k", 1), "closed");
      await assertCode(node.kv.claim("k", 1), "closed");
      await assertCode(node.kv.get("k"), "closed");
      await assertCode(node.kv.node("k"), "closed");
      await assertCode(node.kv.pid("k"), "closed");
      await assertCode(node.kv.token("k"), "closed");
      await assertCode(node.kv.keys(), "closed");
      await assertCode(process.kv.get("k"), "closed");
      assertEquals(assertThrows(() => node.kv.watch("k"), SynodError).code, "closed");
      assertEquals(assertThrows(() => node.spawn(), SynodError).code, "closed");
      assertEquals(node.hasQuorum, false);
    };
    await check();
    await closed;
    await check();
  });

  it("may be called repeatedly; every promise resolves at the end", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    let ended = 0;
    const all = [first.close(), first.close()];
    for (const one of all) one.then(() => ended++);
    await Promise.all(all);
    assertEquals(ended, 2);
    await first.close();
    await first[Symbol.asyncDispose]();
  });

  it("may be called from inside a process", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn(async (self) => {
      await self.kv.put("k", 1, { pid: self });
      await first.close();
    });
    await within(assertCode(process.result, "closed"), "the result");
    await first.close();
    assertEquals(await second.kv.get("k"), NOT_FOUND);
  });

  it("is called at the end of the block with `await using`", async () => {
    let kept: ClusterNode;
    {
      await using node = await join({
        id: "n1",
        members: ["n1"],
        transport: memoryNetwork().transport(),
      });
      kept = node;
    }
    await assertCode(kept.kv.get("k"), "closed");
  });

  it("takes no longer than the node's timeout without a quorum", async () => {
    await using cluster = await startCluster(3, { timeout: 200 });
    const [first] = cluster.nodes;
    await first.kv.put("k", 1, { pid: first.spawn(), noQuorum: "retry" });
    cluster.isolate("n1");
    const before = cluster.clock.now;
    await first.close();
    assertLess(cluster.clock.now - before, 2_000);
  });

  it("completes at once if the node never had a quorum", async () => {
    await using cluster = new Cluster(3, { timeout: 60_000 });
    const first = await cluster.join("n1");
    first.spawn();
    await within(first.close(), "close");
  });

  it("of all members at once does not make them wait for each other", async () => {
    const cluster = await startCluster(5, { timeout: 5_000 });
    for (const node of cluster.nodes) {
      for (let key = 0; key < 5; key++) {
        await node.kv.put([node.id, key], 1, { pid: node.spawn() });
      }
    }
    const before = cluster.clock.now;
    await cluster[Symbol.asyncDispose]();
    assertLess(cluster.clock.now - before, 2_500);
  });

  it("of all members one after the other does not make the last ones wait for those that left", async () => {
    const cluster = await VirtualCluster.start(5, { sessionTtl: 60_000, timeout: 30_000 });
    const { time, nodes } = cluster;
    for (const node of nodes) await time.until(node.kv.put(node.id, 1, { node: node.id }));
    for (const node of nodes) {
      const before = time.runtime.now();
      await time.until(node.close());
      // Those that have left are asked once more: it may be their answers that were lost.
      assertLess(time.runtime.now() - before, 5_000);
    }
  });

  it("waits for a quorum that is cut off: it may be back in time", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 60_000, timeout: 30_000 });
    const { time, nodes: [first, second] } = cluster;
    await time.until(first.kv.put("k", 1, { node: "n1" }));
    cluster.isolate("n1");
    const closed = first.close();
    await cluster.pass(10_000);
    cluster.heal();
    await time.until(closed);
    const before = time.runtime.now();
    assertEquals(await time.until(second.kv.get("k")), NOT_FOUND);
    assertLess(time.runtime.now() - before, 1_000);
  });

  it("closes each transport once, even if one fails", async () => {
    const log: string[] = [];
    const transports: Transport[] = [
      {
        open() {},
        send() {},
        close() {
          log.push("a");
          throw new Error("a transport that throws");
        },
      },
      {
        open() {},
        send() {},
        close() {
          log.push("b");
          return Promise.reject(new Error("a transport that rejects"));
        },
      },
      {
        open() {},
        send() {},
        async close() {
          await turn(20);
          log.push("c");
        },
      },
    ];
    const node = await join({ id: "n1", members: ["n1"], transport: transports });
    await node.ready;
    await Promise.all([node.close(), node.close()]);
    assertEquals(log, ["a", "b", "c"]);
  });

  it("sends and receives nothing afterwards", async () => {
    let late = 0;
    let closed = false;
    let receive: (from: string, frame: Uint8Array) => void = () => {};
    const transport: Transport = {
      open(_self, given) {
        receive = given;
      },
      send() {
        if (closed) late++;
      },
      close() {
        closed = true;
      },
    };
    const node = await join({ id: "n1", members: ["n1", "n2"], transport });
    const before = (await node.status()).frames;
    await node.close();
    receive("n2", new Uint8Array([1, 2, 3]));
    await turn(60); // longer than the wait before a resend
    assertEquals(late, 0);
    assertEquals((await node.status()).frames.dropped, before.dropped);
  });

  it("lets the same id join again, with a new life", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await second.kv.put("k", 1);
    await first.close();
    const again = await cluster.join("n1");
    await within(again.ready, "ready");
    assertStrictEquals(again.life > first.life, true);
    assertEquals(await again.kv.get("k"), { ok: true, value: 1 });
  });
});
