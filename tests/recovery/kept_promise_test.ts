import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { questions } from "./support/frames.ts";
import { type Lives, startLives } from "./support/lives.ts";

const CHANGES = ["fast", "prepare", "accept", "read"];

/** The requests about registers that `work` makes a node send. */
async function asked(
  cluster: Lives,
  node: ClusterNode,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const log: string[] = [];
  const line = cluster.line(node);
  line.onSend = (to, frame) => {
    log.push(...questions(to, frame).filter((what) => CHANGES.includes(what.split(" ")[0])));
  };
  await cluster.until(work());
  line.onSend = () => {};
  return log;
}

const FAST = ["fast to n2", "fast to n3"];
const PREPARED = ["prepare to n2", "prepare to n3", "accept to n2", "accept to n3"];
const KEPT = ["accept to n2", "accept to n3"];

describe("the second change of a node's own key", () => {
  it("is one round trip: the release of a process's value", async () => {
    await using cluster = await startLives(3, { time: new VirtualTime() });
    const [node] = cluster.nodes;
    const process = node.spawn();
    const claim = () => node.kv.claim("k", 1, { pid: process });
    assertEquals(await asked(cluster, node, claim), FAST);
    assertEquals(await asked(cluster, node, () => process.exit()), KEPT);
  });

  it("is one round trip: the release of a lock", async () => {
    await using cluster = await startLives(3, { time: new VirtualTime() });
    const [node, second] = cluster.nodes;
    const lock = node.lock("k");
    assertEquals(await asked(cluster, node, () => lock), FAST);
    const { token, release: _ } = await lock;
    const released = asked(cluster, node, async () => await (await lock).release());
    assertEquals(await released, KEPT);
    assertGreater((await cluster.until(second.lock("k"))).token, token);
  });

  it("costs no more than a first one after another node's change in between, and is correct", async () => {
    await using cluster = await startLives(3, { time: new VirtualTime() });
    const [node, second] = cluster.nodes;
    const process = node.spawn();
    const { token } = valueOf(await cluster.until(node.kv.claim("k", "n1", { pid: process })));
    // Another node's round invalidates the promise, although it changes nothing.
    const other = valueOf(await cluster.until(second.kv.claim("k", "n2")));
    assertEquals(other, { value: "n1", token, mine: false });
    const release = await asked(cluster, node, () => process.exit());
    // The node's own acceptor has promised more since: the kept promise is not tried.
    assertEquals(release, PREPARED);
    assertEquals(await cluster.until(second.kv.get("k")), { ok: false, error: "not_found" });
  });

  it("uses the promise once: the next change is prepared again", async () => {
    await using cluster = await startLives(3, { time: new VirtualTime() });
    const [node] = cluster.nodes;
    for (let round = 0; round < 3; round++) {
      const process = node.spawn();
      const claim = () => node.kv.claim("k", round, { pid: process });
      // What is there is no secret any more: a second fast round would have to write.
      assertEquals(await asked(cluster, node, claim), round === 0 ? FAST : PREPARED);
      assertEquals(await asked(cluster, node, () => process.exit()), KEPT);
    }
  });

  it("finds no promise at members that have recovered: they have copied none that is in use", async () => {
    await using cluster = await startLives(3, { time: new VirtualTime() });
    const [node] = cluster.nodes;
    const process = node.spawn();
    await cluster.until(node.kv.claim("k", 1, { pid: process }));
    for (const id of ["n2", "n3"]) {
      cluster.crash(id);
      await cluster.until((await cluster.start(id)).ready);
    }
    await cluster.until(process.exit());
    assertEquals(await cluster.until(cluster.node("n3").kv.get("k")), {
      ok: false,
      error: "not_found",
    });
  });
});
