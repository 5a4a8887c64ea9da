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
        engine.receive(from, frameOf({}, { repliesTo: node.life, replies: [reply] }));
        await cluster.pass(500);
      }
      assertEquals(failed, "");
      await cluster.start("b", "c");
      await cluster.ready("a");
    });
  }
});
