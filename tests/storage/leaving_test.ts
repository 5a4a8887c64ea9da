// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { Stored } from "./support/stored.ts";

const ALL = ["a", "b", "c"];
const REST = ["a", "b"];
const WAITS = "c waits to be added to the members of the cluster, which are a, b";

describe("a member with a disk that stops while it is removed, and starts with the list before (section 11)", () => {
  for (const knows of [true, false]) {
    const what = knows ? "on its disk is that it leaves" : "on its disk is that it is a member";
    it(`${what}: it waits to be added, and with the new list it is a client`, async () => {
      await using cluster = new Stored({ clients: true }, ALL);
      cluster.time.latency = 10;
      await cluster.start(...ALL);
      await cluster.ready(...ALL);
      await cluster.put("a", "key", 1);
      const knownTo = (id: string) => partsOf(cluster.nodes.get(id)!).engine.configuration;
      if (!knows) cluster.crash("c");
      const change = cluster.nodes.get("a")!.changeMembers(REST);
      change.catch(() => {});
      while (knownTo(knows ? "c" : "a").epoch < 1) await cluster.pass(4);
      if (knows) {
        // It tells a node that starts; before that it has it on its disk.
        await cluster.start("d");
        await cluster.pass(100);
        cluster.crash("c");
      }
      assert(!knownTo("a").settled);
      const [c] = await cluster.start("c");
      assertEquals(partsOf(c).engine.place?.standing, knows ? "outside" : undefined);
      let isReady = false;
      c.ready.then(() => isReady = true, () => {});
      await cluster.time.until(change);
      await cluster.pass(5_000);
      assertEquals([isReady, c.members], [false, REST]);
      assertEquals((await cluster.time.until(c.status())).waitingFor, [WAITS]);
      assertEquals(await cluster.get("c", "key"), 1);
      assert(cluster.disk("c").aside.length > 0);
      cluster.crash("c");
      cluster.ids = REST;
      await cluster.start("c");
      await cluster.ready("c");
      assertEquals(partsOf(cluster.nodes.get("c")!).engine.voter, null);
      assertEquals(await cluster.get("c", "key"), 1);
      assertEquals(cluster.errors, []);
    });
  }
});
