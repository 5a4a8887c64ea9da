// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { DISK_KEYS } from "../../lib/codec/disk_entry.ts";
import type { JoinOptions } from "../../mod.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import { Stored } from "./support/stored.ts";

const FOUR = ["a", "b", "c", "d"];
const FIVE = [...FOUR, "e"];

/** Whether a member has the record on its disk. */
function remembers(cluster: Stored, id: string): boolean {
  return cluster.disk(id).snapshot().has(DISK_KEYS.member);
}

function recordOf(cluster: Stored, id: string): string | undefined {
  return partsOf(cluster.nodes.get(id)!).engine.record?.id;
}

function votes(cluster: Stored, id: string): boolean {
  return partsOf(cluster.nodes.get(id)!).engine.voter !== null;
}

/** A first start in which these members never have the record on their disks: they are blank in the lives that it names. */
async function interrupted(
  ids: readonly string[],
  blank: readonly string[],
  options: Partial<JoinOptions> = {},
): Promise<{ cluster: Stored; record: string }> {
  const cluster = new Stored(options, ids);
  for (const id of blank) {
    const disk = cluster.disk(id);
    const { write } = disk;
    disk.write = async (entries) => {
      if (entries.some(([key]) => key === DISK_KEYS.member)) await new Promise(() => {});
      await write.call(disk, entries);
    };
  }
  await cluster.start(...ids);
  await cluster.pass(3_000);
  assertEquals(ids.filter((id) => !votes(cluster, id)), blank);
  return { cluster, record: recordOf(cluster, "a")! };
}

function stop(cluster: Stored, ids: readonly string[], ...lost: string[]): void {
  cluster.crash(...ids);
  for (const id of lost) cluster.disk(id).lose();
}

describe("a first start that is interrupted, with disks that are lost after it (section 7)", () => {
  it("goes on with the only one of four that remembers, and two that are blank in their lives", async () => {
    const { cluster, record } = await interrupted(FOUR, ["c", "d"]);
    await using _ = cluster;
    stop(cluster, FOUR, "b");
    assertEquals(FOUR.map((id) => remembers(cluster, id)), [true, false, false, false]);
    await cluster.start("a", "c", "d");
    await cluster.ready("a", "c", "d");
    assertEquals(await cluster.put("c", "key", 1), 1);
    await cluster.start("b");
    await cluster.ready("b");
    assertEquals(await cluster.get("b", "key"), 1);
    assertEquals(FOUR.map((id) => recordOf(cluster, id)), FOUR.map(() => record));
    assertEquals(cluster.errors, []);
  });

  it("goes on without the disk of the member that made the record", async () => {
    const { cluster, record } = await interrupted(FOUR, ["c", "d"]);
    await using _ = cluster;
    stop(cluster, FOUR, "a");
    await cluster.start(...FOUR);
    await cluster.ready(...FOUR);
    assertEquals(await cluster.put("a", "key", 1), 1);
    assertEquals(FOUR.map((id) => recordOf(cluster, id)), FOUR.map(() => record));
  });

  it("goes on with three of five, and keeps what was acknowledged", async () => {
    const { cluster, record } = await interrupted(FIVE, ["d", "e"]);
    await using _ = cluster;
    assertEquals(await cluster.put("b", "key", 1), 1);
    stop(cluster, FIVE, "b", "c");
    await cluster.start("a", "d", "e");
    await cluster.ready("a", "d", "e");
    assertEquals(await cluster.get("d", "key"), 1);
    await cluster.start("b", "c");
    await cluster.ready("b", "c");
    assertEquals(await cluster.get("c", "key"), 1);
    assertEquals(FIVE.map((id) => recordOf(cluster, id)), FIVE.map(() => record));
  });

  it("goes on again if it is interrupted again", async () => {
    for (let steps = 1; steps < 60; steps += 3) {
      const { cluster, record } = await interrupted(FIVE, ["d", "e"]);
      await using _ = cluster;
      assertEquals(await cluster.put("b", "key", 1), 1);
      stop(cluster, FIVE, "b", "c");
      await cluster.start(...FIVE);
      await cluster.pass(steps);
      stop(cluster, FIVE);
      await cluster.start(...FIVE);
      await cluster.ready(...FIVE);
      assertEquals(await cluster.get("e", "key"), 1);
      assertEquals(recordOf(cluster, "b"), record);
    }
  });

  it("waits for a majority that remembers, or is blank in its life", async () => {
    const { cluster, record } = await interrupted(FIVE, ["d", "e"]);
    await using _ = cluster;
    assertEquals(await cluster.put("b", "key", 1), 1);
    stop(cluster, FIVE, "b");
    await cluster.start("a", "b", "d");
    await cluster.pass(30_000);
    assertEquals(["a", "b", "d"].filter((id) => votes(cluster, id)), []);
    await cluster.start("c");
    await cluster.ready("a", "b", "c", "d");
    assertEquals(await cluster.get("d", "key"), 1);
    assertEquals(recordOf(cluster, "d"), record);
  });

  it("waits when half of the disks are lost, unless it is told to restart", async () => {
    for (const afterMajorityLoss of ["wait", "restart"] as const) {
      const { cluster, record } = await interrupted(FOUR, ["c", "d"], { afterMajorityLoss });
      await using _ = cluster;
      stop(cluster, FOUR, "b", "c");
      await cluster.start(...FOUR);
      if (afterMajorityLoss === "wait") {
        await cluster.pass(30_000);
        assertEquals(FOUR.filter((id) => votes(cluster, id)), []);
        assert(remembers(cluster, "a"));
        continue;
      }
      await cluster.ready(...FOUR);
      assertEquals(await cluster.put("d", "key", 1), 1);
      assert(recordOf(cluster, "d") !== record);
    }
  });

  it("goes on whenever it is interrupted, and whichever minority of the disks is lost", async () => {
    let decided = 0;
    for (const ids of [FOUR, FIVE]) {
      const most = ids.length - majority(ids.length);
      for (let steps = 1; steps < 24; steps++) {
        for (const first of [true, false]) {
          const cluster = new Stored({}, ids);
          await using _ = cluster;
          await cluster.start(...ids);
          await cluster.pass(steps);
          cluster.crash(...ids);
          const knowing = ids.filter((id) => remembers(cluster, id));
          const lost = (first ? knowing : knowing.toReversed()).slice(0, most);
          for (const id of lost) cluster.disk(id).lose();
          const left = knowing.length - lost.length;
          if (left > 0 && left < majority(ids.length)) decided++;
          await cluster.start(...ids);
          await cluster.ready(...ids);
          assertEquals(await cluster.put("b", "key", 1), 1);
        }
      }
    }
    assertGreater(decided, 0);
  });
});
