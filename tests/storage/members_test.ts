// Runs in Deno alone: virtual time, which asks nothing of the platform.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { withoutMember } from "../../lib/paxos/configuration.ts";
import { Stored } from "./support/stored.ts";

const THREE = ["a", "b", "c"];
const FOUR = ["a", "b", "c", "d"];

/** What follows has its time: a change of the members waits for the longest session. */
const LATER = { timeout: 20_000 };

async function started(ids: readonly string[]): Promise<Stored> {
  const cluster = new Stored({ clients: true }, ids);
  await cluster.start(...ids);
  await cluster.ready(...ids);
  await cluster.put("a", "key", 1);
  return cluster;
}

function engineOf(cluster: Stored, id: string) {
  return partsOf(cluster.nodes.get(id)!).engine;
}

/** Time passes until `holds`. */
async function until(cluster: Stored, holds: () => boolean, step = 10): Promise<void> {
  for (let i = 0; i < 2_000 && !holds(); i++) await cluster.pass(step);
  assert(holds(), "it never came to that");
}

describe("members with storage that come and go (section 11)", () => {
  it("a node whose copy is on its disk, and that was not admitted, is blank once it is told", async () => {
    await using cluster = await started(THREE);
    cluster.ids = FOUR;
    await cluster.start("d");
    await cluster.pass(1_500);
    const change = cluster.nodes.get("a")!.changeMembers(FOUR, LATER).catch(() => {});
    await until(cluster, () => cluster.disk("d").snapshot().has("member"), 1);
    cluster.crash("d");
    await cluster.start("d");
    // It may have been admitted meanwhile.
    assertEquals(cluster.disk("d").aside.length, 0);
    assertEquals(await cluster.storageOf("d"), "ok");
    await cluster.time.until(change);
    await cluster.pass(3_000);
    assert(cluster.disk("d").aside.length > 0);
    assertEquals(engineOf(cluster, "d").voter, null);
    await cluster.time.until(cluster.nodes.get("a")!.changeMembers(FOUR, LATER));
    await until(cluster, () => engineOf(cluster, "d").voter !== null);
    assertEquals(await cluster.get("d", "key"), 1);
    assertEquals(cluster.errors, []);
  });

  it("a start from a disk follows a configuration that its node learns of before it votes", async () => {
    await using cluster = await started(FOUR);
    cluster.crash(...FOUR);
    await cluster.start(...THREE);
    const isUndecided = () => engineOf(cluster, "c").record !== null;
    await until(cluster, isUndecided, 1);
    assertEquals(engineOf(cluster, "c").voter, null);
    for (const id of THREE) {
      const engine = engineOf(cluster, id);
      if (engine.place !== null) engine.learn(withoutMember(engine.configuration, "d"));
    }
    await cluster.ready(...THREE);
    assertEquals(await cluster.get("c", "key"), 1);
    assertEquals(THREE.map((id) => cluster.nodes.get(id)!.members), [THREE, THREE, THREE]);
    assertEquals(THREE.map((id) => cluster.disk(id).aside.length), [0, 0, 0]);
    assertEquals(cluster.errors, []);
  });

  it("a memory is void if its node has another place by the time that it is on the disk", async () => {
    // One that has heard that the change is settled hears of no other reason to begin again.
    for (const [removed, isSettled] of [["b", false], ["c", false], ["b", true]] as const) {
      await using cluster = await started(FOUR);
      cluster.crash("c");
      cluster.disk("c").lose();
      await cluster.pass(3_000);
      const disk = cluster.disk("c");
      const write = disk.write.bind(disk);
      let release: (() => void) | undefined;
      const isReleased = new Promise<void>((resolve) => release = resolve);
      let isSlow = false;
      disk.write = async (entries) => {
        const isMemory = entries.some(([key, value]) => key === "member" && value !== null);
        if (!isSlow && isMemory) {
          isSlow = true;
          await isReleased;
        }
        return await write(entries);
      };
      await cluster.start("c");
      await until(cluster, () => isSlow);
      const list = FOUR.filter((id) => id !== removed);
      const change = cluster.nodes.get("a")!.changeMembers(list, LATER);
      await until(cluster, () => engineOf(cluster, "a").configuration.epoch === 1);
      // A node that was removed hears of it when it asks.
      cluster.nodes.get("c")!.kv.get("key", { timeout: 300 }).catch(() => {});
      await until(cluster, () => {
        const { epoch, settled } = engineOf(cluster, "c").configuration;
        return epoch === 1 && (settled || !isSettled);
      });
      release!();
      await cluster.time.until(change);
      await cluster.pass(5_000);
      const votes = FOUR.map((id) => engineOf(cluster, id).voter !== null);
      assertEquals(votes, FOUR.map((id) => id !== removed), `${removed}, ${isSettled}`);
      assertEquals(cluster.errors, []);
      assertEquals(await cluster.get("c", "key"), 1);
    }
  });

  it("a node that is added again while its disk is still put aside copies as soon as that is done", async () => {
    await using cluster = await started(FOUR);
    const disk = cluster.disk("c");
    const clear = disk.clear.bind(disk);
    disk.clear = async () => {
      await new Promise<void>((resolve) => cluster.time.runtime.setTimer(() => resolve(), 50));
      await clear();
    };
    const { nodes, time } = cluster;
    await time.until(nodes.get("a")!.changeMembers(["a", "b", "d"], LATER));
    await time.until(nodes.get("a")!.changeMembers(FOUR, LATER));
    await until(cluster, () => engineOf(cluster, "c").voter !== null);
    assertEquals(cluster.errors, []);
  });

  it("a member whose disk is from before a change starts with the list of after it", async () => {
    for (const restarted of [[], ["a", "b"]]) {
      await using cluster = await started(FOUR);
      cluster.crash("c");
      await cluster.pass(3_000);
      await cluster.time.until(cluster.nodes.get("a")!.changeMembers(THREE, LATER));
      cluster.ids = THREE;
      cluster.crash(...restarted);
      // Before those that know of the change.
      await cluster.start("c");
      await cluster.pass(500);
      await cluster.start(...restarted);
      await cluster.ready(...THREE);
      assertEquals(await cluster.get("c", "key"), 1);
      assertEquals(cluster.errors, []);
    }
  });

  it("a node that was not in its own list uses its storage once it becomes a member", async () => {
    await using cluster = await started(THREE);
    await cluster.start("d");
    await cluster.pass(1_500);
    assertEquals(cluster.disk("d").writes, 0);
    await cluster.time.until(cluster.nodes.get("a")!.changeMembers(FOUR, LATER));
    await until(cluster, () => engineOf(cluster, "d").voter !== null);
    assertEquals(await cluster.storageOf("d"), "ok");
    // With the old list it recovers from the others, and its disk with it.
    cluster.crash("d");
    await cluster.start("d");
    await until(cluster, () => cluster.nodes.has("d") && engineOf(cluster, "d").voter !== null);
    await cluster.put("d", "later", 2);
    cluster.ids = FOUR;
    cluster.crash(...FOUR);
    await cluster.start("b", "c", "d");
    await cluster.ready("b", "c", "d");
    assertEquals(await cluster.get("d", "later"), 2);
    assertEquals(FOUR.map((id) => cluster.disk(id).aside.length), [0, 0, 0, 0]);
    assertEquals(cluster.errors, []);
  });
});
