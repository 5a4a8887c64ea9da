// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 2_000 };

/** What nodes tell of their members, as it happens. */
function eventsOf(...nodes: ClusterNode[]): string[] {
  const events: string[] = [];
  for (const node of nodes) {
    node.addEventListener("members", ({ detail: { epoch, members } }) => {
      events.push(`${node.id}: ${epoch} ${members.join(" ")}`);
    });
    node.addEventListener("removed", () => events.push(`${node.id} removed`));
  }
  return events;
}

describe("a cluster that grows and shrinks (section 11)", () => {
  it("from one member to three, then to the other two, and back: nothing is lost, and tokens grow", async () => {
    await using cluster = await VirtualCluster.start(1, OPTIONS);
    const { time } = cluster;
    const [n1] = cluster.nodes;
    await time.until(n1.kv.put("a", 1));
    const before = await time.until(n1.lock("l"));
    const n2 = await cluster.join("n2", { members: ["n1", "n2"] });
    const n3 = await cluster.join("n3", { members: ["n1"] });
    await time.until(n3.ready);
    const events = eventsOf(n1, n2);
    await time.until(n1.changeMembers(["n1", "n2", "n3"]));
    await time.until(n2.ready);
    assertEquals([n1.members, n2.members, n3.members], new Array(3).fill(["n1", "n2", "n3"]));
    assertEquals(events, [
      ...["n1: 2 n1 n2", "n2: 2 n1 n2"],
      ...["n1: 4 n1 n2 n3", "n2: 4 n1 n2 n3"],
    ]);
    assertEquals(await time.until(n2.kv.get("a")), { ok: true, value: 1 });
    await time.until(n2.kv.put("b", 2));
    events.length = 0;
    await time.until(n1.changeMembers(["n3", "n2"]));
    assertEquals(events, ["n1: 5 n2 n3", "n1 removed", "n2: 5 n2 n3"]);
    // The first member goes on as a client, with what it owns.
    assertEquals([n1.hasQuorum, before.held], [true, true]);
    cluster.crash("n1");
    assertEquals(await time.until(n2.kv.get("a")), { ok: true, value: 1 });
    assertEquals(await time.until(n3.kv.get("b")), { ok: true, value: 2 });
    const after = await time.until(n3.lock("l"));
    assertGreater(after.token, before.token);
    const again = await cluster.join("n1", { members: ["n2", "n3"] });
    await time.until(n2.changeMembers(["n1", "n2", "n3"]));
    await cluster.pass(1_000);
    cluster.crash("n2");
    assertEquals(await time.until(again.kv.get("b")), { ok: true, value: 2 });
    const status = await time.until(again.status());
    assertEquals([status.epoch, status.change], [7, null]);
  });

  it("every node follows, also a client that asks for nothing and one that watches", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time } = cluster;
    const idle = await cluster.join("idle");
    const watching = await cluster.join("watching");
    for (const id of ["n4", "n5"]) await cluster.join(id);
    await time.until(Promise.all([idle.ready, watching.ready]));
    const seen: unknown[] = [];
    (async () => {
      for await (const change of watching.kv.watch("k")) seen.push(change.present && change.value);
    })().catch(() => {});
    const events = eventsOf(idle);
    await time.until(idle.changeMembers(["n4", "n5"]));
    await cluster.pass(1_000);
    assertEquals(events.map((event) => event.slice(6)), [
      ...["2 n1 n2 n3 n4", "4 n1 n2 n3 n4 n5", "5 n2 n3 n4 n5", "6 n3 n4 n5", "7 n4 n5"],
    ]);
    for (const id of ["n1", "n2", "n3"]) cluster.crash(id);
    assertEquals(await time.until(idle.kv.put("k", 5)), { ok: true, value: 5 });
    await cluster.pass(100);
    assertEquals([seen, watching.members], [[false, 5], ["n4", "n5"]]);
  });

  it("operations go on while the members change", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    const { time } = cluster;
    const [n1] = cluster.nodes;
    for (const id of ["n4", "n5"]) await cluster.join(id);
    const client = await cluster.join("client");
    await time.until(client.ready);
    const failed: unknown[] = [];
    let count = 0;
    let isOver = false;
    let token = 0;
    const work = (async () => {
      while (!isOver) {
        const key = `k${count++}`;
        const put = await client.kv.put(key, key);
        const got = await n1.kv.get(key);
        if (!put.ok || !got.ok) failed.push([key, put, got]);
        await client.locks.request("l", (lock) => {
          if (lock!.token <= token) failed.push([lock!.token, token]);
          token = lock!.token;
        });
        await new Promise<void>((resolve) => time.runtime.setTimer(resolve, 10));
      }
    })();
    await time.until(client.changeMembers(["n1", "n2", "n3", "n4", "n5"]));
    await time.until(client.changeMembers(["n2", "n4", "n5"]));
    isOver = true;
    await time.until(work);
    assertEquals(failed, []);
    assertGreater(count, 100);
    for (let i = 0; i < count; i += 7) {
      assertEquals(await time.until(n1.kv.get(`k${i}`)), { ok: true, value: `k${i}` });
    }
  });
});
