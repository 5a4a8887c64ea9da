// Runs by itself: it measures memory.
import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ProcessTable } from "../../lib/owners/process_table.ts";
import { registerId } from "../../lib/codec.ts";
import { valueOf } from "../support/expect.ts";
import { heapUsed } from "../support/heap.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { ScriptedNode } from "../support/scripted_node.ts";

describe("a value that a process has put", () => {
  it("is no longer remembered when it has ended: 8,000 puts that last for 50 ms", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [node] } = cluster;
    const process = node.spawn();
    /** Memory in use after `count` more puts, in bytes. */
    const put = async (count: number) => {
      for (let n = 0; n < count; n += 50) {
        const until = time.runtime.wallNow() + 50;
        const puts = Array.from(
          { length: 50 },
          (_, i) =>
            process.kv.put([`key ${n + i}`.padEnd(1_000), until], 1, { pid: process, until }),
        );
        for (const result of await time.until(Promise.all(puts))) assert(result.ok);
        await cluster.pass(60);
      }
      return await heapUsed();
    };
    const before = await put(2_000);
    const after = await put(6_000);
    // 24 MB if all were remembered; tombstones wait for the collection of tombstones.
    assertLess(after - before, 10_000_000, `${after - before} bytes more`);
    await time.until(process.exit());
  });

  it("is remembered while it lasts, among any number of values, and released at the end", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [node] } = cluster;
    const process = node.spawn();
    for (let n = 0; n < 3_000; n += 100) {
      const puts = Array.from(
        { length: 100 },
        (_, i) => process.kv.put(n + i, 1, { pid: process, until: 9e15 }),
      );
      await time.until(Promise.all(puts));
    }
    await cluster.pass(1_000);
    assertEquals((await time.until(node.kv.keys())).length, 3_000);
    await time.until(process.exit());
    assertEquals(await time.until(node.kv.keys()), []);
    assertEquals(valueOf(await time.until(node.kv.get(0, { default: "none" }))), "none");
  });
});

describe("an owner's list (section 4)", () => {
  it("keeps a value that is put during the check", async () => {
    const node = await ScriptedNode.start();
    const table = new ProcessTable(node.core);
    const owner = table.add();
    const registers = Array.from({ length: 1_000 }, (_, n) => registerId("k", undefined, n));
    for (const register of registers) {
      owner.writes(register);
      owner.knows(register, true);
    }
    owner.writes(registers[999]);
    // One of these writes ended without an outcome: only another write settles it.
    owner.writes(registers[0]);
    owner.lost(registers[0]);
    table.wrote(owner);
    await node.settle();
    // While the reads are under way, another value is put.
    owner.writes(registers[998]);
    owner.knows(registers[998], true);
    for (let round = 0; round < 200 && owner.registers.size > 2; round++) {
      await node.ask("a", "b");
    }
    assertEquals([...owner.registers.keys()], [registers[998], registers[999]]);
    assertEquals(node.trace.filter((line) => line.startsWith("a< accept")).length, 1);
  });
});
