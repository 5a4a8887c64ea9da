// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Stored } from "./support/stored.ts";

describe("a member whose disk knows a later list than it is given (sections 7 and 11)", () => {
  it("starts with the members of that list, one of which it was not given", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b"]);
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    const all = ["a", "b", "c"];
    cluster.ids = all;
    await cluster.start("c");
    await cluster.pass(1_500);
    await cluster.time.until(cluster.nodes.get("a")!.changeMembers(all));
    await cluster.put("a", "key", 1);
    cluster.crash("a", "b", "c");
    cluster.ids = ["a", "b"];
    await cluster.start("a");
    cluster.ids = all;
    await cluster.start("c");
    await cluster.ready("a", "c");
    assertEquals(await cluster.get("c", "key"), 1);
  });
});
