import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { collectEvents, eventually, nextEvent, within } from "../support/wait.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

/** A cluster that admits clients; after its start, sessions are delayed by `sessionTtl`. */
const WITH_CLIENTS = { clients: true, sessionTtl: 200 } as const;

describe("a client", () => {
  it("puts and gets as members do", async () => {
    await using cluster = await startCluster(3, WITH_CLIENTS);
    const [first] = cluster.nodes;
    const client = await cluster.join("client");
    await within(client.ready, "ready");
    assertEquals(client.hasQuorum, true);
    assertEquals(valueOf(await client.kv.claim("k", "client")).mine, true);
    assertEquals(await first.kv.get("k"), { ok: true, value: "client" });
    assertEquals(await client.kv.put("k", "again"), { ok: true, value: "client" });
    assertEquals(await client.kv.keys(), ["k"]);
    assertEquals(await client.kv.get("other"), NOT_FOUND);
  });

  it("owns values bound to its processes and to itself, while it is there", async () => {
    await using cluster = await startCluster(3, WITH_CLIENTS);
    const [first, second] = cluster.nodes;
    const client = await cluster.join("client");
    const process = client.spawn();
    await client.kv.put("pid", 1, { pid: process });
    await client.kv.put("own", 1, { node: "client" });
    await first.kv.put("other", 1, { node: "client" });
    assertEquals(await first.kv.node("pid"), { ok: true, value: "client" });
    assertEquals(await first.kv.node("other"), { ok: true, value: "client" });
    await process.exit();
    assertEquals(await second.kv.get("pid"), NOT_FOUND);
    await client.close();
    assertEquals(await second.kv.get("own"), NOT_FOUND);
    assertEquals(await second.kv.get("other"), NOT_FOUND);
  });

  it("loses its values when it vanishes, and its processes end", async () => {
    await using cluster = await startCluster(3, WITH_CLIENTS);
    const [first] = cluster.nodes;
    const client = await cluster.join("client");
    const process = client.spawn();
    await client.kv.put("k", 1, { pid: process });
    const lost = nextEvent(client, "sessionlost");
    cluster.isolate("client");
    await lost;
    await assertCode(process.result, "session_lost");
    await eventually(async () => !(await first.kv.get("k")).ok, "the end of the session");
    const back = nextEvent(client, "quorum");
    cluster.heal();
    await back;
    assertEquals(await client.kv.get("k"), NOT_FOUND);
  });

  it("does not vote: without a majority of members there is no quorum", async () => {
    await using cluster = await startCluster(3, WITH_CLIENTS);
    const clients = await Promise.all(["c1", "c2", "c3"].map((id) => cluster.join(id)));
    await Promise.all(clients.map((client) => client.ready));
    cluster.isolate("n2", "n3");
    const [client] = clients;
    assertEquals(await client.kv.put("k", 1, { timeout: 100 }), { ok: false, error: "no_quorum" });
    cluster.heal();
    assertEquals((await client.kv.put("k", 1, { noQuorum: "retry" })).ok, true);
  });

  it("goes on when one member is lost", async () => {
    await using cluster = await startCluster(3, WITH_CLIENTS);
    const client = await cluster.join("client");
    await client.ready;
    const lost = collectEvents(client, "sessionlost");
    cluster.isolate("n1");
    assertEquals(await client.kv.put("k", 1), { ok: true, value: 1 });
    assertEquals(await client.kv.get("k"), { ok: true, value: 1 });
    assertEquals(lost, []);
  });

  it("may start before the members, and any number of times", async () => {
    await using cluster = await startCluster(1, WITH_CLIENTS);
    const members = ["m1", "m2"];
    const early = await cluster.join("early", { members });
    const put = early.kv.put("k", "early", { noQuorum: "retry" });
    for (const id of members) await cluster.join(id, { members });
    assertEquals(await put, { ok: true, value: "early" });
    const lives = new Set([early.life]);
    for (let round = 0; round < 3; round++) {
      const client = await cluster.join("again", { members });
      assertEquals(await client.kv.get("k"), { ok: true, value: "early" });
      lives.add(client.life);
      await client.close();
    }
    assertEquals(lives.size, 4);
  });

  it("has no session before one maxSessionTtl has passed since the start of all members", async () => {
    const before = performance.now();
    await using cluster = await startCluster(3, { clients: true, sessionTtl: 400 });
    assertGreaterOrEqual(performance.now() - before, 399);
    const client = await cluster.join("client");
    await client.ready;
  });

  it("and a member put and get at once if no session is needed", async () => {
    await using cluster = await startCluster(1);
    const members = ["m1", "m2"];
    const options = { members, clients: true, sessionTtl: 60_000 };
    const [first] = await Promise.all(members.map((id) => cluster.join(id, options)));
    const client = await cluster.join("client", options);
    assertEquals(await first.kv.put("k", 1), { ok: true, value: 1 });
    assertEquals(await client.kv.get("k"), { ok: true, value: 1 });
    assertEquals(first.hasQuorum, false);
    assertEquals(client.hasQuorum, false);
  });

  it("reports in its status that it keeps no state", async () => {
    await using cluster = await startCluster(3, WITH_CLIENTS);
    const client = await cluster.join("client");
    await client.kv.put("k", 1, { node: "client" });
    const { id, entries, members, hasQuorum } = await client.status();
    assertEquals({ id, entries, hasQuorum }, { id: "client", entries: 0, hasQuorum: true });
    assertEquals(members.map(({ state }) => state), ["operational", "operational", "operational"]);
  });
});
