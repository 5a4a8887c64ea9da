import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { PutOptions } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { type Cluster, startCluster } from "../support/real_cluster.ts";
import { assertInvalid, valueOf } from "../support/expect.ts";
import { eventually } from "../support/wait.ts";

/** A value with all four bindings, and functions that end each of them. */
async function putBound(cluster: Cluster, lasts: number) {
  const [first, second, third] = cluster.nodes;
  const process = first.spawn();
  const base = third.spawn();
  await third.kv.put("base", 1, { pid: base });
  const options: PutOptions = {
    pid: process,
    node: nameOf("n2"),
    key: "base",
    until: first.kv.now() + lasts,
  };
  assertEquals(valueOf(await second.kv.claim("k", "v", options)).mine, true);
  const gone = () => eventually(async () => !(await third.kv.get("k")).ok, "the end of the key");
  return {
    process,
    base,
    gone,
    async [Symbol.asyncDispose]() {
      await Promise.all([process.exit(), base.exit()]);
    },
  };
}

describe("a value with several bindings", () => {
  it("lasts while all of them do", async () => {
    await using cluster = await startCluster(3);
    await using bound = await putBound(cluster, 60_000);
    const { kv } = cluster.nodes[2];
    assertEquals(await kv.get("k"), { ok: true, value: "v" });
    assertEquals(await kv.pid("k"), { ok: true, value: bound.process.pid });
  });

  it("is gone when the process ends", async () => {
    await using cluster = await startCluster(3);
    await using bound = await putBound(cluster, 60_000);
    await bound.process.exit();
    assertEquals((await cluster.nodes[2].kv.get("k")).ok, false);
  });

  it("is gone when the node closes", async () => {
    await using cluster = await startCluster(3);
    await using _bound = await putBound(cluster, 60_000);
    await cluster.nodes[1].close();
    assertEquals((await cluster.nodes[2].kv.get("k")).ok, false);
  });

  it("is gone when the other key is gone", async () => {
    await using cluster = await startCluster(3);
    await using bound = await putBound(cluster, 60_000);
    await bound.base.exit();
    assertEquals((await cluster.nodes[2].kv.get("k")).ok, false);
  });

  it("is gone when the time is past", async () => {
    await using cluster = await startCluster(3);
    await using bound = await putBound(cluster, 1_000);
    await bound.gone();
  });

  it("is invalid if one of them has ended", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await using process = cluster.nodes[0].spawn();
    const ended = cluster.nodes[0].spawn();
    await ended.exit();
    await kv.put("base", 1);
    const good = { pid: process, node: nameOf("n2"), key: "base", until: kv.now() + 60_000 };
    const bad: [PutOptions, RegExp][] = [
      [{ pid: ended }, /^pid ~?n\d\/.*#\d+ has ended$/],
      [{ node: "n9" }, /^node n9 has no session$/],
      [{ key: "absent" }, /^key "absent" is absent$/],
      [{ until: kv.now() - 1 }, /^until is in the past \(/],
    ];
    for (const [one, reason] of bad) {
      assertInvalid(await kv.put("k", 1, { ...good, ...one }), reason);
    }
    assertEquals(await kv.put("k", 1, good), { ok: true, value: 1 });
  });
});
