// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { inspectorOf } from "./support/inspected.ts";
import type { State } from "../../lib/singletons/state.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const Counter = {
  id: "counter",
  start: async (context: { state: <T>(name: string, initial: T) => Promise<State<T>> }) => {
    const count = await context.state("count", 0);
    return { inc: () => count.update((n) => n + 1) };
  },
};

describe("the cells in an inspector", () => {
  it("are listed with their values, which are text; those without a value are not", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [node] } = cluster;
    const first = await time.until(node.cell("<b>").set({ a: "<img>" }));
    await time.until(node.cell("flag", { bucket: "b" }).set(true));
    await time.until(node.cell("gone").set(1));
    await time.until(node.cell("gone").delete());
    const { get } = inspectorOf(cluster, node);
    const { rows, total } = await get("/cells");
    assertEquals(total, 2);
    const row = rows.find(({ bucket }: { bucket: string | null }) => bucket === null);
    const token = first.ok ? first.value.token : null;
    assertEquals(row, { bucket: null, key: '"<b>"', value: '{"a": "<img>"}', bytes: 9, token });
    assertEquals((await get("/cells?limit=1")).rows.length, 1);
    assertEquals((await get("/cells?offset=2")).rows, []);
  });
});

describe("the states of singletons in an inspector", () => {
  it("are listed with the token of the instance that may write them", async () => {
    await using cluster = await VirtualCluster.start(1, { hosts: [Counter] });
    const { time, nodes: [node] } = cluster;
    for (let i = 0; i < 2; i++) await time.until(node.name("apples", Counter).inc());
    const { get } = inspectorOf(cluster, node);
    const { rows: [singleton] } = await get("/singletons");
    const { rows, total } = await get("/states");
    assertEquals(total, 1);
    const names = { spec: "counter", key: '"apples"', name: '"count"' };
    assertEquals(rows, [{ ...names, value: "2", bytes: 1, token: singleton.token }]);
  });
});
