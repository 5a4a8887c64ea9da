// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Cell, ChildContext, ChildSpec, ClusterNode, SynodError } from "../../mod.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const MAX_BYTES = 400_000;
const VALUE = 20_000;
const CELLS = 100;

const failureOf = (error: unknown): unknown => error;

/** The bytes that the members count, the most of them. */
async function bytesOf(cluster: VirtualCluster): Promise<number> {
  const all = cluster.voters.map((id) => cluster.time.until(cluster.node(id).status()));
  return Math.max(...(await Promise.all(all)).map(({ bytes }) => bytes));
}

async function start() {
  const cluster = await VirtualCluster.start(3, { clients: true, maxBytes: MAX_BYTES });
  const client = await cluster.join("client");
  await cluster.time.until(client.ready);
  return cluster;
}

/** Cells of a few bytes. */
async function smallCells(cluster: VirtualCluster, node: ClusterNode): Promise<Cell<string>[]> {
  const cells = Array.from({ length: CELLS }, (_, i) => node.cell<string>(`c${i}`));
  const set = await cluster.time.until(Promise.all(cells.map((cell) => cell.set("small"))));
  set.forEach(valueOf);
  return cells;
}

/** How many of these operations succeed; the others reject with `full`. */
async function countDone(operations: readonly Promise<unknown>[]): Promise<number> {
  let done = 0;
  for (const result of await Promise.allSettled(operations)) {
    if (result.status === "fulfilled") done++;
    else assertEquals((result.reason as SynodError).code, "full");
  }
  return done;
}

describe("values that grow (section 8)", () => {
  for (const way of ["one after the other", "all at once"]) {
    it(`are refused beyond maxBytes, ${way}; what shrinks them is not`, async () => {
      await using cluster = await start();
      const { time } = cluster;
      const cells = await smallCells(cluster, cluster.node("client"));
      const long = "x".repeat(VALUE);
      let done = 0;
      if (way === "all at once") {
        done = await time.until(countDone(cells.map((cell) => cell.set(long))));
      } else {for (const cell of cells) {
          done += await time.until(countDone([cell.update(() => long)]));
        }}
      // About 40,000 bytes are taken by small ones.
      assert(done >= 10 && done <= 20, `${done} have grown`);
      assertLess(await bytesOf(cluster), MAX_BYTES + 2 * VALUE);
      await assertCode(time.until(cells[CELLS - 1].set(long)), "full");
      assertEquals(valueOf(await time.until(cells[CELLS - 1].get())).value, "small");
      const sizes = await time.until(Promise.all(cells.map((cell) => cell.get())));
      const grown = cells[sizes.findIndex((found) => valueOf(found).value === long)];
      valueOf(await time.until(grown.update(() => "short")));
      for (const cell of cells.slice(0, 50)) valueOf(await time.until(cell.delete()));
      await cluster.pass(1_000);
      valueOf(await time.until(cells[CELLS - 1].set(long)));
    });
  }

  it("leave room for what is there: puts that find a value, locks that are released, states that are opened", async () => {
    const contexts: ChildContext[] = [];
    const spec: ChildSpec<{ grow(length: number): Promise<string>; exit(): void }, []> = {
      id: "grows",
      start: async (context) => {
        contexts.push(context);
        const text = await context.state("text", "");
        return {
          grow: (length) => text.update((now) => now + "y".repeat(length)),
          exit: () => void context.exit(),
        };
      },
    };
    await using cluster = await VirtualCluster.start(3, { maxBytes: MAX_BYTES, hosts: [spec] });
    const { time, nodes: [first, second] } = cluster;
    const remote = first.name("k", spec);
    await time.until(remote.grow(1));
    valueOf(await time.until(first.kv.put("there", "value")));
    const lock = await time.until(first.lock("lock"));
    // Each write of a state is on a kept promise.
    let length = 1;
    const grow = () => time.until(remote.grow(5_000).then(() => true, failureOf));
    let last: unknown = true;
    while (last === true && length < 2 * MAX_BYTES) {
      last = await grow();
      length += 5_000;
    }
    assertEquals((last as SynodError).code, "full");
    assertLess(await bytesOf(cluster), MAX_BYTES + 10_000);
    assertEquals(valueOf(await time.until(second.kv.put("there", "other"))), "value");
    await time.until(lock.release());
    await assertCode(time.until(second.kv.put("new", 1)), "full");
    await time.until(remote.exit());
    const text = await time.until(remote.grow(0));
    assertEquals(text.length > 300_000, true);
    await time.until(contexts[contexts.length - 1].exit(undefined, { forget: true }));
    await cluster.pass(2_000);
    assertLess(await bytesOf(cluster), 100_000);
    valueOf(await time.until(second.kv.put("new", 1)));
  });
});
