// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { inspectorOf } from "./support/inspected.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("the overview of an inspector", () => {
  it("shows members, sessions and the node", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 1_000 });
    const { get } = inspectorOf(cluster, cluster.nodes[0]);
    cluster.crash("n3");
    await cluster.pass(3_000);
    const overview = await get("/overview");
    assertEquals([overview.id, overview.votes, overview.hasQuorum], ["n1", true, true]);
    // deno-lint-ignore no-explicit-any -- any JSON
    const members = overview.members.map(({ id, state, reachable }: any) => [id, state, reachable]);
    assertEquals(members, [
      ["n1", "operational", true],
      ["n2", "operational", true],
      ["n3", "unknown", false],
    ]);
    const [own, second, third] = overview.members;
    assertEquals([own.roundTrip, third.roundTrip], [0, null]);
    assert(second.roundTrip > 0 && second.roundTrip < 10);
    // deno-lint-ignore no-explicit-any -- any JSON
    assertEquals(overview.sessions.map(({ node }: any) => node), ["n1", "n2"]);
    assertEquals([overview.actions, overview.buttons, overview.fatal], [false, [], null]);
  });
});
