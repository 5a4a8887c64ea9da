import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { nextEvent } from "../support/wait.ts";
import { questions } from "./support/frames.ts";
import { type Lives, startLives } from "./support/lives.ts";

const NO_QUORUM = { ok: false, error: "no_quorum" } as const;

/** The number of registers that `work` makes a node read. */
async function reads(
  cluster: Lives,
  node: ClusterNode,
  work: () => Promise<unknown>,
): Promise<number> {
  let count = 0;
  const line = cluster.line(node);
  line.onSend = (to, frame) => {
    count +=
      questions(to, frame).filter((what) => /^(read|prepare|accept) to n2$/.test(what)).length;
  };
  await cluster.until(work());
  line.onSend = () => {};
  return count;
}

describe("a settled value", () => {
  it("is served without a message by nodes that have seen it, and only by those", async () => {
    await using cluster = await startLives(3, { time: new VirtualTime() });
    const [first, , third] = cluster.nodes;
    await cluster.until(first.kv.put("k", "settled"));
    const operations: ((node: ClusterNode) => Promise<unknown>)[] = [
      (node) => node.kv.get("k"),
      (node) => node.kv.token("k"),
      (node) => node.kv.put("k", "another"),
      (node) => node.kv.claim("k", "another"),
    ];
    for (const operation of operations) {
      assertEquals(await reads(cluster, first, () => operation(first)), 0);
    }
    assertEquals(await cluster.until(first.kv.get("k")), { ok: true, value: "settled" });
    assertEquals(await reads(cluster, third, () => third.kv.get("k")), 1);
    assertEquals(await reads(cluster, third, () => third.kv.get("k")), 0);
    assertEquals(await cluster.until(third.kv.put("k", "another")), { ok: true, value: "settled" });
  });

  it("is a value without bindings: a value that can end is read each time", async () => {
    await using cluster = await startLives(3, { time: new VirtualTime() });
    const [first] = cluster.nodes;
    await cluster.until(first.kv.put("settled", 1));
    const bound = [{ pid: first.spawn() }, { node: "n1" }, { key: "settled" }];
    for (const [key, options] of bound.entries()) {
      await cluster.until(first.kv.put(key, 1, options));
      assertEquals(await reads(cluster, first, () => first.kv.get(key)), 1);
      assertEquals(await reads(cluster, first, () => first.kv.get(key)), 1);
    }
  });

  it("is served until the session's deadline, and not afterwards", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, sessionTtl: 10_000 });
    const [first] = cluster.nodes;
    await time.until(first.kv.put("k", "settled"));
    const lost = nextEvent(first, "noquorum");
    cluster.network.partition(["n1"]);
    let served = 0;
    let isLost = false;
    lost.then(() => isLost = true);
    while (!isLost) {
      const hadQuorum = first.hasQuorum;
      const value = await time.until(first.kv.get("k", { timeout: 1 }));
      // At the instant of the call, regardless of pending timers.
      assertEquals(value, hadQuorum ? { ok: true, value: "settled" } : NO_QUORUM);
      served++;
      await time.pass(50);
    }
    assertGreater(served, 20);
    assertEquals(await time.until(first.kv.get("k")), NO_QUORUM);
    assertEquals(await time.until(first.kv.put("k", "another")), NO_QUORUM);
    assertEquals(await time.until(first.kv.token("k")), NO_QUORUM);
    const back = nextEvent(first, "quorum");
    cluster.network.heal();
    await time.until(back);
    assertEquals(await reads(cluster, first, () => first.kv.get("k")), 0);
    assertEquals(valueOf(await time.until(first.kv.get("k"))), "settled");
  });

  it("is not served by a recovering member before it has asked", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time });
    await time.until(cluster.node("n1").kv.put("k", "settled"));
    cluster.crash("n1");
    const node = await cluster.start("n1");
    await time.until(node.ready);
    // It holds the value as an acceptor, but a copy proves nothing.
    assertEquals(await reads(cluster, node, () => node.kv.get("k")) > 0, true);
    assertEquals(await reads(cluster, node, () => node.kv.get("k")), 0);
  });
});
