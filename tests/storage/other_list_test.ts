// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { frameOf } from "../support/frames.ts";
import { Stored } from "./support/stored.ts";

describe("a list of members that a node tells of, unasked (section 7)", () => {
  for (const from of ["stranger", "b"]) {
    it(`does not make ready of a member with a disk reject: ${from}`, async () => {
      await using cluster = new Stored({ timeout: 2_000 }, ["a", "b", "c"]);
      await cluster.start("a", "b", "c");
      await cluster.ready("a", "b", "c");
      cluster.crash("a", "b", "c");
      await cluster.start("a");
      const node = cluster.nodes.get("a")!;
      const { engine } = partsOf(node);
      let failed = "";
      node.ready.catch(({ code }) => failed = code);
      for (let i = 0; i < 4; i++) {
        const reply = { id: 99_999, type: "membersMismatch", members: ["a", "x"] } as const;
        const frame = frameOf({}, { repliesTo: node.life, replies: [reply] });
        engine.receive(from, frame, engine.runtime.now());
        await cluster.pass(500);
      }
      assertEquals(failed, "");
      await cluster.start("b", "c");
      await cluster.ready("a");
    });
  }
});

describe("lists of the same members in other orders, after the first start (section 7)", () => {
  const started = async () => {
    const cluster = new Stored({ timeout: 2_000 }, ["a", "b", "c"]);
    await cluster.start("a", "b", "c");
    await cluster.ready("a", "b", "c");
    await cluster.put("a", "key", 1);
    cluster.crash("a", "b", "c");
    return cluster;
  };
  const startAs = async (cluster: Stored, id: string, ...ids: string[]) => {
    cluster.ids = ids;
    await cluster.start(id);
  };

  it("do not keep members with disks from coming back", async () => {
    await using cluster = await started();
    await startAs(cluster, "a", "a", "b", "c");
    await startAs(cluster, "b", "c", "b", "a");
    await cluster.ready("a", "b");
    await startAs(cluster, "c", "b", "c", "a");
    await cluster.ready("c");
    cluster.crash("a");
    // The lives of the members are told in the order of the first list.
    await startAs(cluster, "a", "c", "a", "b");
    await cluster.ready("a");
    assertEquals(await cluster.get("a", "key"), 1);
    assertEquals(cluster.errors, []);
  });

  it("of a member without its disk does not close those with theirs", async () => {
    await using cluster = await started();
    cluster.disks.delete("c");
    await startAs(cluster, "c", "c", "b", "a");
    await startAs(cluster, "b", "b", "a", "c");
    // At a first start both sides would say after a second that their lists differ.
    await cluster.pass(3_000);
    await startAs(cluster, "a", "a", "b", "c");
    await cluster.ready("a", "b");
    assertEquals(await cluster.get("b", "key"), 1);
  });
});
