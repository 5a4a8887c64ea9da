import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertInvalid, valueOf } from "../support/expect.ts";
import { eventually, nextEvent } from "../support/wait.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

describe("a value bound to a node", () => {
  it("reports the node that it is bound to, and no pid", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.kv.put("own", 1, { node: nameOf("n1") });
    await first.kv.put("other", 1, { node: nameOf("n2") });
    assertEquals(await second.kv.node("own"), { ok: true, value: nameOf("n1") });
    assertEquals(await second.kv.node("other"), { ok: true, value: nameOf("n2") });
    assertEquals(await second.kv.pid("own"), NOT_FOUND);
  });

  it("is gone at once when that node closes, and another put succeeds", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await first.kv.put("own", "n1", { node: nameOf("n1") });
    await second.kv.put("other", "n2", { node: nameOf("n1") });
    await third.kv.put("unbound", "n3");
    await first.close();
    assertEquals(await second.kv.get("own"), NOT_FOUND);
    assertEquals(valueOf(await third.kv.claim("other", "n3")).mine, true);
    assertEquals(await second.kv.get("unbound"), { ok: true, value: "n3" });
  });

  it("stays when another node closes", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await first.kv.put("k", 1, { node: nameOf("n2") });
    await first.close();
    assertEquals(await third.kv.get("k"), { ok: true, value: 1 });
    assertEquals(await second.kv.node("k"), { ok: true, value: nameOf("n2") });
  });

  it("is gone when that node vanishes, after its session and not before", async () => {
    await using cluster = await startCluster(3, { each: { n3: { sessionTtl: 400 } } });
    const [first, second, third] = cluster.nodes;
    await third.kv.put("own", 1, { node: nameOf("n3") });
    await first.kv.put("other", 1, { node: nameOf("n3") });
    cluster.isolate("n3");
    assertEquals(await first.kv.get("own"), { ok: true, value: 1 });
    assertEquals(await first.kv.get("other"), { ok: true, value: 1 });
    await eventually(async () => !(await second.kv.get("own")).ok, "the end of the session");
    assertEquals(third.hasQuorum, false);
    assertEquals(await second.kv.get("other"), NOT_FOUND);
    assertEquals(await second.kv.put("own", 2), { ok: true, value: 2 });
  });

  it("lasts as long as the session at the time of the put, not a later one of that node", async () => {
    await using cluster = await startCluster(3, { each: { n3: { sessionTtl: 300 } } });
    const [first, , third] = cluster.nodes;
    await first.kv.put("k", 1, { node: nameOf("n3") });
    const lost = nextEvent(third, "sessionlost");
    cluster.isolate("n3");
    await lost;
    const back = nextEvent(third, "quorum");
    cluster.heal();
    await back;
    await eventually(async () => !(await first.kv.get("k")).ok, "the end of the first session");
    assertEquals(await first.kv.put("k", 2, { node: nameOf("n3") }), { ok: true, value: 2 });
    assertEquals(await third.kv.node("k"), { ok: true, value: nameOf("n3") });
  });

  it("is invalid for a node without a session: never joined, closed, or vanished", async () => {
    await using cluster = await startCluster(5, { each: { n5: { sessionTtl: 300 } } });
    const [first, , , fourth] = cluster.nodes;
    await first.kv.put("until n5 is gone", 1, { node: nameOf("n5") });
    cluster.isolate("n5");
    await fourth.close();
    assertInvalid(await first.kv.put("k", 1, { node: "n9" }), "node n9 has no session");
    assertInvalid(
      await first.kv.put("k", 1, { node: nameOf("n4") }),
      `node ${nameOf("n4")} has no session`,
    );
    await eventually(async () => !(await first.kv.get("until n5 is gone")).ok, "the end of n5");
    assertInvalid(
      await first.kv.put("k", 1, { node: nameOf("n5") }),
      `node ${nameOf("n5")} has no session`,
    );
    assertEquals(await first.kv.get("k"), NOT_FOUND);
  });

  it("may be put before the node is ready: it waits for the session", async () => {
    await using cluster = await startCluster(3, { clients: true, sessionTtl: 100 });
    const client = await cluster.join("client");
    assertEquals(await client.kv.put("k", 1, { node: nameOf("client") }), { ok: true, value: 1 });
    assertEquals(await cluster.nodes[0].kv.node("k"), { ok: true, value: nameOf("client") });
  });
});
