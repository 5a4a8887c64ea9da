import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { Cluster, startCluster } from "../support/real_cluster.ts";
import { assertCode } from "../support/expect.ts";
import { nextEvent, turn, within } from "../support/wait.ts";

/** All operations that need the cluster. */
function operations(node: ClusterNode): Promise<unknown>[] {
  const { kv } = node;
  return [
    kv.put("k", 1),
    kv.put("k", 1, { noQuorum: "retry" }),
    kv.put("k", 1, { node: node.id }),
    kv.claim("k", 1),
    kv.get("k"),
    kv.get("k", { default: 1 }),
    kv.node("k"),
    kv.pid("k"),
    kv.token("k"),
    kv.keys(),
    kv.keys(undefined, { noQuorum: "retry" }),
  ];
}

describe("ready", () => {
  it("resolves when the node has a quorum and a session", async () => {
    await using cluster = new Cluster(3);
    for (const id of cluster.members) await cluster.join(id);
    await Promise.all(cluster.nodes.map((node) => node.ready));
    for (const node of cluster.nodes) assertEquals(node.hasQuorum, true);
    assertEquals(await cluster.nodes[0].kv.put("k", 1), { ok: true, value: 1 });
  });

  it("waits for every member at the first start, with the event `quorum` at its end", async () => {
    await using cluster = new Cluster(3);
    const first = await cluster.join("n1");
    const second = await cluster.join("n2");
    let ready = false;
    first.ready.then(() => ready = true);
    assertEquals(await second.kv.get("k", { timeout: 100 }), { ok: false, error: "no_quorum" });
    assertEquals(ready, false);
    const quorum = nextEvent(first, "quorum");
    await cluster.join("n3");
    await within(first.ready, "ready");
    await quorum;
  });

  it("resolves for any order in which the members start", async () => {
    for (const order of [["n3", "n2", "n1"], ["n2", "n1", "n3"], ["n3", "n1", "n2"]]) {
      await using cluster = new Cluster(3);
      for (const id of order) {
        await cluster.join(id);
        await turn(10);
      }
      await within(Promise.all(cluster.nodes.map((node) => node.ready)), "ready");
    }
  });

  it("serves operations that began before it in time", async () => {
    await using cluster = new Cluster(3);
    const first = await cluster.join("n1");
    const put = first.kv.put("k", 1, { timeout: 10_000 });
    await cluster.join("n2");
    await cluster.join("n3");
    assertEquals(await put, { ok: true, value: 1 });
  });

  it("rejects with closed when the node closes before", async () => {
    await using cluster = new Cluster(3);
    const first = await cluster.join("n1");
    await first.close();
    await assertCode(first.ready, "closed");
  });

  it("may be ignored, also if it rejects", async () => {
    await using cluster = new Cluster(3);
    const first = await cluster.join("n1");
    await first.close();
    await turn(); // an unhandled rejection would end the run
  });
});

describe("a node with another list of members", () => {
  for (
    const [what, members] of [
      ["other members", ["n1", "n2", "n4"]],
      ["the same in another order", ["n1", "n3", "n2"]],
      ["more members", ["n1", "n2", "n3", "n4"]],
      ["fewer members", ["n1", "n2"]],
    ] as const
  ) {
    it(`gets members_mismatch, as do the others, at the first start: ${what}`, async () => {
      await using cluster = new Cluster(3);
      const first = await cluster.join("n1");
      const odd = await cluster.join("n2", { members });
      const [error, other] = await within(
        Promise.all([
          assertCode(odd.ready, "members_mismatch"),
          assertCode(first.ready, "members_mismatch"),
        ]),
        "both sides",
      );
      assertStringIncludes(error.message, "n1, n2, n3");
      assertStringIncludes(other.message, members.join(", "));
    });
  }

  it("rejects every operation with members_mismatch", async () => {
    await using cluster = new Cluster(2);
    const waiting = await cluster.join("n1");
    const pending = operations(waiting).map((operation) =>
      assertCode(operation, "members_mismatch")
    );
    await cluster.join("n2", { members: ["n2", "n1"] });
    await within(Promise.all(pending), "what was under way");
    for (const operation of operations(waiting)) await assertCode(operation, "members_mismatch");
  });

  it("does not disturb a cluster that has begun", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    await first.kv.put("k", 1);
    const odd = await cluster.join("n4", { members: ["n1", "n2", "n3", "n4"] });
    // Without clients there are no other nodes than its members.
    await within(assertCode(odd.ready, "not_a_member"), "ready of n4");
    for (const operation of operations(odd)) await assertCode(operation, "not_a_member");
    for (const node of cluster.nodes.slice(0, 3)) {
      await node.ready;
      assertEquals(node.hasQuorum, true);
      assertEquals(await node.kv.get("k"), { ok: true, value: 1 });
    }
  });

  it("does not prevent the start of the others once it is gone", async () => {
    await using cluster = new Cluster(2);
    const first = await cluster.join("n1");
    const odd = await cluster.join("n2", { members: ["n2", "n1"] });
    await within(assertCode(first.ready, "members_mismatch"), "ready of n1");
    await odd.close();
    const second = await cluster.join("n2");
    await within(second.ready, "ready of n2");
    assertEquals(await second.kv.put("k", 1), { ok: true, value: 1 });
    assertEquals(await first.kv.get("k", { noQuorum: "retry" }), { ok: true, value: 1 });
  });

  it("follows the list of a living cluster if it is a client", async () => {
    await using cluster = await startCluster(3, { clients: true, sessionTtl: 100 });
    const odd = await cluster.join("client", { members: ["n2"] });
    await within(odd.ready, "ready");
    assertEquals(odd.members, ["n1", "n2", "n3"]);
    assertEquals(await odd.kv.get("k"), { ok: false, error: "not_found" });
  });
});

describe("a node that is not a member", () => {
  it("gets not_a_member if the cluster has no clients", async () => {
    await using cluster = await startCluster(3);
    await cluster.nodes[0].kv.put("k", 1);
    const client = await cluster.join("client");
    const pending = operations(client).map((operation) => assertCode(operation, "not_a_member"));
    const error = await within(assertCode(client.ready, "not_a_member"), "ready");
    assertStringIncludes(error.message, "client");
    await within(Promise.all(pending), "what was under way");
    for (const operation of operations(client)) await assertCode(operation, "not_a_member");
    assertEquals(client.hasQuorum, false);
    assert(cluster.nodes[0].hasQuorum);
  });

  it("gets it by the setting of members[0], regardless of its own", async () => {
    await using cluster = await startCluster(3, {
      clients: true,
      each: { n1: { clients: false } },
    });
    const client = await cluster.join("client");
    await within(assertCode(client.ready, "not_a_member"), "ready");
  });

  it("closes as usual", async () => {
    await using cluster = await startCluster(3);
    const client = await cluster.join("client");
    await assertCode(client.ready, "not_a_member");
    await within(client.close(), "close");
    await assertCode(client.kv.get("k"), "closed");
  });
});
