// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 10_000 };

const BEFORE = ["n1", "n2", "n3", "n4"];
const AFTER = ["n1", "n2", "n5"];

describe("a member that starts with an earlier list of members (section 11)", () => {
  it("works with the present ones, also for what was asked before it knew them", async () => {
    await using cluster = await VirtualCluster.start(4, OPTIONS);
    const { time, nodes: [n1] } = cluster;
    await time.until((await cluster.join("n5")).ready);
    await time.until(n1.changeMembers(AFTER));
    cluster.crash("n1");
    for (const id of ["n3", "n4"]) await time.until(cluster.node(id).close());
    const again = await cluster.join("n1", { members: BEFORE });
    const put = again.kv.put("k", 1);
    const lock = again.lock("l");
    assertEquals(await time.until(put), { ok: true, value: 1 });
    await time.until((await time.until(lock)).release());
    assertEquals(again.members, AFTER);
  });
});
