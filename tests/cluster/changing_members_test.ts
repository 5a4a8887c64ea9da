// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };

describe("changeMembers() (section 11)", () => {
  it("refuses a bad list or option with a TypeError that names it", async () => {
    await using cluster = await VirtualCluster.start(1, OPTIONS);
    const [node] = cluster.nodes;
    for (
      const [list, options, text] of [
        [[], {}, "not empty"],
        [["a", "a"], {}, "occurs twice"],
        [["~a"], {}, "members[0]"],
        ["n1", {}, "a list of node ids"],
        [["n1"], { timeout: -1 }, "timeout"],
        [["n1"], { signal: 1 }, "signal"],
        [["n1"], { wait: 1 }, "unknown option"],
      ] as [string[], object, string][]
    ) {
      const error = await reasonOf(node.changeMembers(list, options));
      assertInstanceOf(error, TypeError);
      assertStringIncludes(error.message, text);
    }
  });

  it("costs no wait for a resend where the members learn of it from the one that asks them", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time } = cluster;
    const client = await cluster.join("c");
    await time.until(client.ready);
    const { engine } = partsOf(client);
    engine.learn({ ...engine.configuration, epoch: 1 });
    const before = time.runtime.now();
    await time.until(client.kv.keys());
    assertEquals(time.runtime.now() - before < 10, true);
  });

  it("to the present list resolves at once, in any order", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const [n1] = cluster.nodes;
    const before = cluster.time.runtime.now();
    await cluster.time.until(n1.changeMembers(["n3", "n1", "n2"]));
    assertEquals(cluster.time.runtime.now() - before < 10, true);
    assertEquals((await cluster.time.until(n1.status())).epoch, 0);
  });

  it("needs a cluster that lets clients in", async () => {
    await using cluster = await VirtualCluster.start(3, { ...OPTIONS, clients: false });
    const { time, nodes: [n1] } = cluster;
    await time.until(assertCode(n1.changeMembers(["n1", "n2"]), "clients_off"));
    // The members are these already; nothing would change.
    await time.until(assertCode(n1.changeMembers(["n1", "n2", "n3", "n4"]), "clients_off"));
  });

  it("changes nothing if a node to be added is not up, or belongs to another cluster", async () => {
    await using cluster = await VirtualCluster.start(2, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await cluster.join("n3");
    await time.until((await cluster.join("alone", { members: ["alone"] })).ready);
    for (const bad of ["n4", "alone"]) {
      const list = ["n1", "n3", bad];
      const error = await time.until(assertCode(n1.changeMembers(list), "not_ready"));
      assertStringIncludes(error.message, `Node ${bad} `);
      assertEquals(error.members, ["n1", "n2"]);
    }
    assertEquals((await time.until(n1.status())).epoch, 0);
  });

  it("of two callers with different lists one is told so, and the other goes on", async () => {
    // The second one begins at each point of what the first one does.
    for (let delay = 0; delay < 8; delay += 0.25) {
      await using cluster = await VirtualCluster.start(3, OPTIONS);
      const { time, nodes: [n1, n2] } = cluster;
      for (const id of ["n4", "n5"]) await time.until((await cluster.join(id)).ready);
      const first = n1.changeMembers(["n1", "n2", "n3", "n4"]);
      first.catch(() => {});
      await cluster.pass(delay);
      const second = n2.changeMembers(["n1", "n2", "n3", "n5"]);
      const outcomes = await time.until(Promise.allSettled([first, second]));
      const failed = outcomes.filter((one) => one.status === "rejected");
      const codes = failed.map(({ reason }) => reason.code);
      await cluster.pass(5_000);
      // The caller that comes when the other one is done decides the final list.
      const added = outcomes.at(-1)?.status === "fulfilled" ? "n5" : "n4";
      assertEquals([codes, n1.members, n2.members], [
        ["members_changing"],
        ["n1", "n2", "n3", added],
        ["n1", "n2", "n3", added],
      ], `after ${delay} ms`);
    }
  });

  it("two callers with the same list both succeed", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1, n2] } = cluster;
    for (const id of ["n4", "n5"]) await time.until((await cluster.join(id)).ready);
    const list = ["n3", "n4", "n5"];
    await time.until(Promise.all([n1.changeMembers(list), n2.changeMembers(list)]));
    assertEquals(n1.members, list);
  });

  it("ends as no_quorum without a majority, at its timeout, or with the reason of its signal", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    const error = await time.until(
      reasonOf(n1.changeMembers(["n1", "n2"], { timeout: 100 })),
    ) as DOMException;
    assertEquals(error.name, "TimeoutError");
    const stop = new AbortController();
    const aborted = reasonOf(n1.changeMembers(["n1"], { signal: stop.signal }));
    stop.abort("enough");
    assertEquals(await time.until(aborted), "enough");
    // What was begun is finished by the members.
    await cluster.pass(10_000);
    assertEquals((await time.until(n1.status())).change, null);
    const left = n1.members;
    await time.until((await cluster.join("n4")).ready);
    const cut = assertCode(n1.changeMembers([...left, "n4"], { timeout: 60_000 }), "no_quorum");
    await cluster.pass(2.5);
    cluster.isolate("n1");
    await time.until(cut);
    await time.until(assertCode(n1.changeMembers(["n1"]), "no_quorum"));
  });

  it("is refused after close(), and ends with it", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    const changed = assertCode(n1.changeMembers(["n1", "n2"]), "closed");
    await cluster.pass(100);
    await time.until(n1.close());
    await time.until(changed);
    await assertCode(n1.changeMembers(["n1"]), "closed");
  });
});
