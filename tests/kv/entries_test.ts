import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Key, PaxosKV, PutOptions } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf, valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { within } from "../support/wait.ts";

// deno-lint-ignore no-explicit-any -- arguments that the types forbid
type Bad = any;

/** The keys and values of a bucket. */
async function pairsOf(kv: PaxosKV, bucket?: string): Promise<[Key, unknown][]> {
  return valueOf(await kv.entries(bucket)).map(({ key, value }) => [key, value]);
}

describe("kv.entries()", () => {
  it("returns the keys of a bucket with values and tokens, in the order of keys()", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const tokens = new Map<string, number>();
    for (const key of ["b", "a", "c"]) {
      const { token } = valueOf(await first.kv.claim(key, { of: key }, { bucket: "letters" }));
      tokens.set(key, token);
    }
    await first.kv.put("d", 1);
    await first.kv.put("e", 1, { bucket: "letter" });
    const value = ["a", "b", "c"].map((key) => ({
      ...{ key, value: { of: key }, token: tokens.get(key)! },
    }));
    for (const { kv } of [first, second, third]) {
      assertEquals(await kv.entries("letters"), { ok: true, value });
      assertEquals(await kv.keys("letters"), value.map(({ key }) => key));
      assertEquals(await pairsOf(kv), [["d", 1]]);
      assertEquals(await kv.entries("nothing"), { ok: true, value: [] });
    }
  });

  it("returns null and undefined as values, and copies of all values", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    await kv.put("null", null);
    await kv.put("list", [1]);
    const [list, none] = valueOf(await kv.entries<number[] | null>());
    assertEquals([list.value, none.value], [[1], null]);
    list.value!.push(2);
    assertEquals(await kv.get("list"), { ok: true, value: [1] });
  });

  it("returns hundreds of keys from every node, without the released ones", async () => {
    await using cluster = await startCluster(3);
    const { nodes } = cluster;
    const process = nodes[1].spawn();
    // As long as they take: this is not about the speed of a busy machine.
    const noQuorum = "retry";
    const puts = Array.from({ length: 300 }, async (_, number) => {
      const options = number < 100
        ? { noQuorum, pid: process.pid } as const
        : { noQuorum } as const;
      return valueOf(await nodes[number % 3].kv.put(number, -number, options));
    });
    await Promise.all(puts);
    await process.exit();
    const pairs = await pairsOf(nodes[2].kv);
    const expected = Array.from({ length: 200 }, (_, index) => [100 + index, -100 - index]);
    assertEquals(pairs.sort(([a], [b]) => (a as number) - (b as number)), expected as never);
  });

  it("omits values that have ended, with every kind of binding", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 10_000 });
    const { time, nodes: [first, , third] } = cluster;
    const pairs = () => time.until(pairsOf(first.kv));
    const put = (key: string, options: PutOptions = {}) =>
      time.until(first.kv.put(key, 1, options).then(valueOf));
    await put("lasts");
    await put("time", { until: first.kv.now() + 1_000 });
    await put("key", { key: "time" });
    await put("node", { node: nameOf("n3") });
    await put("pid", { pid: third.spawn().pid });
    assertEquals((await pairs()).map(([key]) => key), ["key", "pid", "node", "time", "lasts"]);
    cluster.isolate("n3");
    await cluster.pass(1_000);
    // The time has passed, so the values bound to it are gone, also indirectly; the session still lasts.
    assertEquals((await pairs()).map(([key]) => key), ["pid", "node", "lasts"]);
    await cluster.pass(20_000);
    assertEquals(await pairs(), [["lasts", 1]]);
    // A later value of a key that was omitted has a greater token.
    const [{ token }] = valueOf(await time.until(first.kv.entries()));
    const claim = valueOf(await time.until(first.kv.claim("time", 2)));
    assertGreater(claim.token, token);
    assertEquals(await pairs(), [["time", 2], ["lasts", 1]]);
  });

  it("without a quorum ends as `noQuorum` says", async () => {
    await using cluster = await startCluster(3);
    const { kv } = cluster.nodes[0];
    await kv.put("k", 1);
    cluster.isolate("n2", "n3");
    const timeout = 50;
    assertEquals(await kv.entries(undefined, { timeout }), { ok: false, error: "no_quorum" });
    await assertCode(kv.entries(undefined, { timeout, noQuorum: "fail" }), "no_quorum");
    const aborter = new AbortController();
    const waiting = kv.entries(undefined, { noQuorum: "retry", signal: aborter.signal });
    aborter.abort("enough");
    assertEquals(await reasonOf(within(waiting, "the end of the call")), "enough");
    const retried = kv.entries(undefined, { noQuorum: "retry" });
    cluster.heal();
    assertEquals(valueOf(await within(retried, "the entries")).map(({ key }) => key), ["k"]);
  });

  it("of a process ends with it", async () => {
    await using cluster = await startCluster(3);
    const process = cluster.nodes[0].spawn();
    cluster.isolate("n2", "n3");
    const waiting = process.kv.entries(undefined, { noQuorum: "retry" });
    void process.exit("done");
    assertEquals(await reasonOf(within(waiting, "the end of the call")), "done");
  });

  it("refuses bad arguments", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    for (const bucket of [null, 1, {}, ["b"]] as Bad[]) {
      await assertRejects(() => kv.entries(bucket), TypeError, "entries: bucket must be a string");
    }
    const options = { bucket: "b" } as Bad;
    await assertRejects(
      () => kv.entries("b", options),
      TypeError,
      "entries: unknown option bucket",
    );
    await assertRejects(() => kv.entries("b", null as Bad), TypeError, "entries: options must be");
  });
});
