// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { fill } from "./support/fill.ts";
import { inspectorOf } from "./support/inspected.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const Slow = { id: "slow", start: () => ({ wait: () => new Promise<void>(() => {}) }) };

describe("the lists of an inspector", () => {
  it("lists locks, those with most requests first; keys by bucket; singletons with their calls", async () => {
    await using cluster = await VirtualCluster.start(1, { hosts: [Slow] });
    const { time, nodes: [node] } = cluster;
    await time.until(node.lock("free later"));
    await time.until(node.lock("wanted", { label: "<b>bold</b>" }));
    void node.lock("wanted").catch(() => {});
    await time.until(node.kv.put("<script>", "<img src=x>", { bucket: "b" }));
    await time.until(node.kv.put(1, 1, { until: time.runtime.wallNow() + 1_000_000 }));
    const slow = node.name("s", Slow);
    void slow.wait().catch(() => {});
    void slow.wait().catch(() => {});
    await cluster.pass(10);
    const { get } = inspectorOf(cluster, node);

    const locks = await get("/locks");
    assertEquals(locks.total, 2);
    const [wanted] = locks.rows;
    assertEquals([wanted.key, wanted.waiting, wanted.held], ['"wanted"', 1, 1]);
    assertEquals([wanted.holders[0].label, wanted.holders[0].node], ["<b>bold</b>", "n1"]);
    assertEquals((await get("/locks?filter=BOLD")).total, 1);
    assertEquals((await get(`/explain?link=${wanted.link}`)).waiting, 1);

    const buckets = await get("/buckets");
    assertEquals(buckets, [{ name: "b", keys: 1 }, { name: null, keys: 1 }]);
    const { rows: [key] } = await get("/keys?bucket=b");
    assertEquals([key.key, key.value], ['"<script>"', '"<img src=x>"']);
    const { rows: [bound] } = await get("/keys");
    assertStringIncludes(bound.bindings[0], "until ");

    const { rows: [singleton] } = await get("/singletons");
    assertEquals([singleton.spec, singleton.key, singleton.node], ["slow", '"s"', "n1"]);
    assertEquals(singleton.running, [{ method: "wait", from: "n1" }]);
    assertEquals(singleton.waiting, 1);
  });

  it("serves many keys and 1,000 locks page by page", async () => {
    await using cluster = await VirtualCluster.start(1);
    const [node] = cluster.nodes;
    fill(node, { keys: 20_000, locks: 1_000 });
    const { get } = inspectorOf(cluster, node);
    assertEquals(await get("/buckets"), [{ name: "many", keys: 20_000 }]);
    const seen = new Set<string>();
    let after = "";
    for (let page = 0; page < 5; page++) {
      const { rows, more } = await get(`/keys?bucket=many&limit=500&after=${after}`);
      assertEquals([rows.length, more], [500, true]);
      for (const { key } of rows) seen.add(key);
      after = rows.at(-1).link;
    }
    assertEquals(seen.size, 2_500);
    const begun = performance.now();
    const { rows, total } = await get("/locks?limit=9999");
    assertEquals([rows.length, total], [500, 1_000]);
    assertEquals((await get("/locks?offset=990&limit=100")).rows.length, 10);
    assertEquals((await get("/locks?filter=lock/77")).total, 11);
    assertLess(performance.now() - begun, 30_000);
    assertLess(JSON.stringify(await get("/locks?limit=100")).length, 100_000);
  });
});
