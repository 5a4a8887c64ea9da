import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { CellOptions, Change } from "../../mod.ts";
import { assertCode, reasonOf, valueOf } from "../support/expect.ts";
import { startCluster } from "../support/real_cluster.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { within } from "../support/wait.ts";

// deno-lint-ignore no-explicit-any -- arguments that the types forbid
type Bad = any;

/** The next change of a watch; fails if it has ended. */
async function next<T>(changes: AsyncIterator<Change<T>>): Promise<Change<T>> {
  const { done, value } = await within(changes.next(), "the next change");
  assert(!done, "the watch has ended");
  return value;
}

describe("node.cell()", () => {
  it("has no value at first, and then the one that was set last, on every node", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const cells = [first, second, third].map((node) => node.cell<unknown>("flags"));
    assertEquals(await cells[1].get(), { ok: false, error: "not_found" });
    let last = 0;
    for (const [index, value] of [1, { a: [null] }, "text", 1].entries()) {
      const set = valueOf(await cells[index % 3].set(value));
      assertEquals(set.value, value);
      assertGreater(set.token, last);
      last = set.token;
      for (const cell of cells) assertEquals(await cell.get(), { ok: true, value: set });
    }
  });

  it("is apart from other names, other buckets, and the keys of kv", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await first.cell("a").set(1);
    await first.cell("a", { bucket: "b" }).set(2);
    await first.cell(["a"]).set(3);
    await first.kv.put("a", 4);
    const values = await Promise.all(
      [second.cell("a"), second.cell("a", { bucket: "b" }), second.cell(["a"]), second.cell("b")]
        .map((cell) => cell.get()),
    );
    assertEquals(values.map((one) => one.ok && one.value.value), [1, 2, 3, false]);
    assertEquals(await second.kv.get("a"), { ok: true, value: 4 });
    assertEquals(await second.kv.keys(), ["a"]);
    assertEquals(await second.kv.keys("b"), []);
  });

  it("update() loses no update of any node", async () => {
    await using cluster = await startCluster(3);
    const { nodes } = cluster;
    const options = { noQuorum: "retry" } as const;
    const tokens = new Set<number>();
    await Promise.all(nodes.map(async (node) => {
      const cell = node.cell<number>("count", options);
      for (let round = 0; round < 5; round++) {
        const both = await Promise.all([1, 2].map(() => cell.update((now = 0) => now + 1)));
        for (const one of both) tokens.add(valueOf(one).token);
      }
    }));
    const { value, token } = valueOf(await nodes[0].cell<number>("count").get());
    assertEquals([value, tokens.size, Math.max(...tokens)], [30, 30, token]);
  });

  it("update() gets undefined without a value, and deletes by it", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const cell = first.cell<number>("c");
    const seen: unknown[] = [];
    assertEquals(await cell.update((now) => void seen.push(now)), {
      ok: true,
      value: { value: undefined, token: 0 },
    });
    const set = valueOf(await cell.set(1));
    const gone = valueOf(await second.cell<number>("c").update(() => undefined));
    assertEquals(gone.value, undefined);
    assertGreater(gone.token, set.token);
    assertEquals(await cell.get(), { ok: false, error: "not_found" });
    assertEquals(seen, [undefined]);
    const again = valueOf(await cell.update(() => 2));
    assertEquals(again.value, 2);
    assertGreater(again.token, gone.token);
  });

  it("update() rejects with what its function throws, and changes nothing then", async () => {
    await using cluster = await startCluster(3);
    const cell = cluster.nodes[0].cell<number>("c");
    const { token } = valueOf(await cell.set(1));
    const fail = () => {
      throw new RangeError("no");
    };
    await assertRejects(() => cell.update(fail), RangeError, "no");
    assertEquals(await cell.get(), { ok: true, value: { value: 1, token } });
  });

  it("compareAndSet() sets only what has the token; 0 stands for no value", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const [one, two] = [first.cell<string>("c"), second.cell<string>("c")];
    const conflict = { ok: false, error: "conflict" } as const;
    assertEquals(await one.compareAndSet(1, "a"), conflict);
    const a = valueOf(await one.compareAndSet(0, "a"));
    assertEquals(await two.compareAndSet(0, "b"), conflict);
    const b = valueOf(await two.compareAndSet(a.token, "b"));
    assertEquals(await one.compareAndSet(a.token, "c"), conflict);
    assertEquals(await one.get(), { ok: true, value: { value: "b", token: b.token } });
    // One of many wins.
    const all = await Promise.all(
      [one, two].flatMap((cell) => ["x", "y"].map((next) => cell.compareAndSet(b.token, next))),
    );
    assertEquals(all.filter(({ ok }) => ok).length, 1);
    assertEquals(all.filter((result) => !result.ok && result.error === "conflict").length, 3);
  });

  it("delete() removes the value, if there is one; later tokens are greater", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const cell = first.cell("c");
    assertEquals(await cell.delete(), { ok: true, value: undefined });
    const { token } = valueOf(await cell.set(1));
    assertEquals(await second.cell("c").delete(), { ok: true, value: undefined });
    assertEquals(await cell.get(), { ok: false, error: "not_found" });
    assertEquals(await cell.compareAndSet(token, 2), { ok: false, error: "conflict" });
    assertGreater(valueOf(await cell.set(2)).token, token);
  });

  it("watch() yields the present state and each change", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const cell = first.cell("c");
    const changes = second.cell("c").watch()[Symbol.asyncIterator]();
    assertEquals(await next(changes), { present: false });
    for (const value of ["a", ["b"], null]) {
      const { token } = valueOf(await cell.set(value));
      assertEquals(await next(changes), { present: true, value, token });
    }
    await cell.delete();
    assertEquals(await next(changes), { present: false });
    const ended = changes.next();
    await second.close();
    assertEquals(await within(ended, "the end"), { done: true, value: undefined });
  });

  it("refuses values that cannot be stored", async () => {
    await using cluster = await startCluster(1, { maxValueBytes: 100 });
    const cell = cluster.nodes[0].cell<unknown>("c");
    for (const bad of [undefined, () => {}, "x".repeat(101), Promise.resolve(1)]) {
      const set = await cell.set(bad);
      assertEquals(set.ok || set.error, "invalid_value");
      if (bad === undefined) continue;
      const updated = await cell.update(() => bad);
      assertEquals(updated.ok || updated.error, "invalid_value");
      const swapped = await cell.compareAndSet(0, bad);
      assertEquals(swapped.ok || swapped.error, "invalid_value");
    }
    const longest = "x".repeat(98);
    assertEquals(valueOf(await cell.set(longest)).value, longest);
    assertEquals(valueOf(await cell.get()).value, longest);
  });

  it("refuses bad names, options and arguments", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const make = (name: Bad, options?: CellOptions) => () => void node.cell(name, options);
    assertThrows(make(() => {}), TypeError);
    assertThrows(make("c", { bucket: 1 } as Bad), TypeError, "cell: bucket must be a string");
    assertThrows(make("c", { ttl: 1 } as Bad), TypeError, "cell: unknown option ttl");
    const cell = node.cell<unknown>("c");
    await assertRejects(() => cell.update(1 as Bad), TypeError, "update: fn must be a function");
    await assertRejects(() => cell.compareAndSet(-1, 1), TypeError, "compareAndSet: token");
    await assertRejects(() => cell.compareAndSet("1" as Bad, 1), TypeError, "compareAndSet: token");
    await assertRejects(() => cell.compareAndSet(0, undefined), TypeError, "compareAndSet: next");
    assertEquals(await cell.get(), { ok: false, error: "not_found" });
  });

  it("without a quorum ends as `noQuorum` says", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first] } = cluster;
    cluster.isolate("n2", "n3");
    const none = { ok: false, error: "no_quorum" };
    const cell = first.cell<number>("c", { timeout: 500 });
    const calls = [cell.get(), cell.set(1), cell.update(() => 1), cell.compareAndSet(0, 1)];
    for (const call of [...calls, cell.delete()]) {
      const { ok, error } = await time.until(call as Promise<Bad>);
      assertEquals({ ok, error }, none);
    }
    await time.until(assertCode(first.cell("c", { noQuorum: "fail" }).get(), "no_quorum"));
    const aborter = new AbortController();
    const { signal } = aborter;
    const waiting = first.cell("c", { noQuorum: "retry", signal }).set(2);
    const reason = reasonOf(waiting);
    await cluster.pass(5_000);
    aborter.abort("enough");
    assertEquals(await time.until(reason), "enough");
    const patient = first.cell<number>("d", { noQuorum: "retry" }).set(3);
    cluster.heal();
    assertEquals(valueOf(await time.until(patient)).value, 3);
  });

  it("survives its writer, and the loss of the memory of a member", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, , third] } = cluster;
    await time.until(first.cell("c").set("kept"));
    await time.until(first.close());
    await cluster.pass(60_000);
    assertEquals(valueOf(await time.until(third.cell("c").get())).value, "kept");
  });
});
