// Runs in Deno alone: virtual time, which asks nothing of the platform.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { toDisk } from "../../lib/codec/disk_entry.ts";
import { crc32 } from "../../lib/codec/checksum.ts";
import { memoryStorage } from "../../lib/storage/memory.ts";
import { type JoinOptions, SynodError } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { Stored } from "./support/stored.ts";

const IDS = ["a", "b", "c"];

async function started(options: Partial<JoinOptions> = {}): Promise<Stored> {
  const cluster = new Stored(options);
  await cluster.start(...IDS);
  await cluster.ready(...IDS);
  return cluster;
}

describe("a cluster with storage (section 7)", () => {
  it("has everything when all members stop at once and a majority starts again", async () => {
    await using cluster = await started();
    assertEquals(await cluster.put("a", "key", 1), 1);
    const lock = await cluster.time.until(cluster.nodes.get("a")!.lock("lock"));
    cluster.crash(...IDS);
    await cluster.start("b", "c");
    await cluster.ready("b", "c");
    assertEquals(await cluster.get("c", "key"), 1);
    const next = await cluster.time.until(
      cluster.nodes.get("b")!.lock("lock", { timeout: 60_000 }),
    );
    assert(next.token > lock.token, `token ${next.token} after ${lock.token}`);
    await cluster.start("a");
    await cluster.ready("a");
    assertEquals(await cluster.get("a", "key"), 1);
    assertEquals(await cluster.put("a", "key", 2), 1);
    assertEquals(await cluster.storageOf("a"), "ok");
  });

  it("has it after that, too, again and again, in either order", async () => {
    await using cluster = await started();
    for (let round = 0; round < 4; round++) {
      await cluster.put(IDS[round % 3], `key ${round}`, round);
      cluster.crash(...IDS);
      const ids = round % 2 === 0 ? IDS : [...IDS].reverse();
      await cluster.start(...ids);
      await cluster.ready(...ids);
    }
    for (let round = 0; round < 4; round++) {
      assertEquals(await cluster.get("b", `key ${round}`), round);
    }
  });

  it("goes on with a member whose disk was lost, damaged, or rolled back", async () => {
    for (const fault of ["lost", "damaged", "flipped", "missing", "rolled back"]) {
      await using cluster = await started();
      const old = cluster.disk("a").snapshot();
      cluster.crash("a");
      await cluster.start("a");
      await cluster.ready("a");
      await cluster.put("a", "key", 1);
      cluster.crash("a");
      const disk = cluster.disk("a");
      if (fault === "lost") disk.lose();
      if (fault === "damaged") disk.damage();
      if (fault === "rolled back") disk.restore(old);
      const entries = new Map(disk.snapshot());
      const register = [...entries.keys()].find((key) => key.startsWith("r:"));
      if (fault === "flipped") {
        const value = entries.get(register!)!.slice();
        value[value.length - 1] ^= 4;
        disk.restore(entries.set(register!, value));
      }
      if (fault === "missing") {
        entries.delete(register!);
        disk.restore(entries);
      }
      await cluster.start("a");
      const before = await cluster.storageOf("a");
      await cluster.ready("a");
      assertEquals(await cluster.get("a", "key"), 1, fault);
      assertEquals(await cluster.storageOf("a"), "ok", fault);
      const isFound = ["damaged", "flipped", "missing"].includes(fault);
      if (isFound) assertEquals(before, "damaged", fault);
      // Nothing is deleted.
      assertEquals(disk.aside.length, fault === "lost" ? 0 : 1, fault);
      cluster.crash(...IDS);
      await cluster.start(...IDS);
      await cluster.ready(...IDS);
      assertEquals(await cluster.get("a", "key"), 1, fault);
    }
  });

  it("does not take a rolled-back disk for a majority's memory", async () => {
    await using cluster = await started();
    const old = cluster.disk("a").snapshot();
    cluster.crash("a");
    await cluster.start("a");
    await cluster.ready("a");
    await cluster.put("a", "key", 1);
    cluster.crash(...IDS);
    cluster.disk("a").restore(old);
    await cluster.start("a", "b");
    await cluster.pass(10_000);
    assert(!cluster.nodes.get("b")!.hasQuorum);
    assertEquals(await cluster.storageOf("a"), "stale");
    await cluster.start("c");
    await cluster.ready(...IDS);
    assertEquals(await cluster.get("a", "key"), 1);
  });

  it("stops a member whose storage fails, and the others lose nothing", async () => {
    await using cluster = await started();
    cluster.disk("a").fail(new Error("no space left on device"));
    const put = cluster.nodes.get("b")!.kv.put("key", 1);
    assertEquals(valueOf(await cluster.time.until(put)), 1);
    await cluster.pass(1_000);
    assertEquals(cluster.errors.map((error) => (error as SynodError).code), ["storage_failed"]);
    const { reason } = await cluster.time.until(cluster.nodes.get("a")!.closed);
    assert(reason !== null);
    assertEquals(reason.code, "storage_failed");
    assert(reason.message.includes("no space left on device"), reason.message);
    cluster.crash("a", "b");
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    assertEquals(await cluster.get("a", "key"), 1);
  });

  it("answers nothing that is not on the disk yet", async () => {
    const cluster = new Stored();
    let isHeld = false;
    const held: (() => void)[] = [];
    const delay = () =>
      isHeld ? new Promise<void>((resolve) => held.push(resolve)) : Promise.resolve();
    for (const id of IDS) cluster.disks.set(id, memoryStorage({ delay }));
    await using _ = cluster;
    await cluster.start(...IDS);
    await cluster.ready(...IDS);
    isHeld = true;
    let isDone = false;
    const put = cluster.nodes.get("a")!.kv.put("key", 1, { timeout: 60_000 });
    void put.then(() => isDone = true);
    await cluster.pass(500);
    assert(!isDone, "acknowledged, but on no disk");
    isHeld = false;
    for (const resolve of held.splice(0)) resolve();
    assertEquals(valueOf(await cluster.time.until(put)), 1);
  });

  it("neither votes nor announces before its first memory, or its life, is on the disk", async () => {
    const cluster = new Stored();
    let isHeld = true;
    const held: (() => void)[] = [];
    const delay = () =>
      isHeld ? new Promise<void>((resolve) => held.push(resolve)) : Promise.resolve();
    const release = () => {
      isHeld = false;
      for (const resolve of held.splice(0)) resolve();
    };
    const own = async () => {
      const { members } = await cluster.time.until(cluster.nodes.get("a")!.status());
      return members[0].incarnation;
    };
    cluster.disks.set("a", memoryStorage({ delay }));
    await using _ = cluster;
    await cluster.start(...IDS);
    await cluster.pass(3_000);
    assertEquals(await own(), null);
    release();
    await cluster.ready(...IDS);
    assert(await own() !== null);
    cluster.crash(...IDS);
    isHeld = true;
    const slow = memoryStorage({ delay });
    slow.restore(cluster.disk("a").snapshot());
    cluster.disks.set("a", slow);
    await cluster.start("a", "b");
    await cluster.pass(3_000);
    assertEquals(await own(), null);
    release();
    await cluster.ready("a", "b");
    assert(await own() !== null);
  });

  it("writes together what one turn of the event loop decides", async () => {
    await using cluster = await started();
    const before = cluster.disk("b").writes;
    const { kv } = cluster.nodes.get("a")!;
    const puts = Array.from({ length: 200 }, (_, index) => kv.put(`key ${index}`, index));
    await cluster.time.until(Promise.all(puts));
    await cluster.pass(100);
    const writes = cluster.disk("b").writes - before;
    assert(writes <= 10, `${writes} writes for 200 puts`);
  });

  it("can finish a first start that was interrupted", async () => {
    for (let steps = 1; steps < 40; steps++) {
      const cluster = new Stored();
      await using _ = cluster;
      await cluster.start(...IDS);
      await cluster.pass(steps);
      cluster.crash(...IDS);
      await cluster.start(...IDS);
      await cluster.ready(...IDS);
      assertEquals(await cluster.put("b", "key", 1), 1);
    }
  });

  it("waits when a majority has lost its disks, unless it is told to restart", async () => {
    await using cluster = await started();
    await cluster.put("a", "key", 1);
    cluster.crash(...IDS);
    cluster.disk("b").lose();
    cluster.disk("c").lose();
    await cluster.start(...IDS);
    await cluster.pass(30_000);
    assert(!cluster.nodes.get("a")!.hasQuorum);
    assert(cluster.disk("a").snapshot().size > 3);
    await using other = await started({ afterMajorityLoss: "restart" });
    await other.put("a", "key", 1);
    other.crash(...IDS);
    other.disk("b").lose();
    other.disk("c").lose();
    await other.start(...IDS);
    await other.ready(...IDS);
    const { ok } = await other.time.until(other.nodes.get("a")!.kv.get("key"));
    assert(!ok);
    assertEquals(other.disk("a").aside.length, 1);
  });

  it("finds its members and its keys after they have changed and all have stopped", async () => {
    await using cluster = await started({ clients: true });
    await cluster.put("a", "key", 1);
    const [a] = ["a"].map((id) => cluster.nodes.get(id)!);
    await cluster.time.until(a.changeMembers(["b", "a"]));
    await cluster.put("a", "later", 2);
    await cluster.pass(10_000);
    cluster.crash("a", "b", "c");
    // With the list of before: the disks know better.
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    assertEquals([...cluster.nodes.get("a")!.members].sort(), ["a", "b"]);
    assertEquals([await cluster.get("b", "key"), await cluster.get("a", "later")], [1, 2]);
    // The one that was removed has put its memory aside.
    assert(!cluster.disk("c").snapshot().has("member"));
    assertEquals(cluster.disk("c").snapshot().size, 0);
  });

  it("goes on with a member whose disk is from before a change of the members", async () => {
    await using cluster = new Stored({ clients: true }, ["a", "b", "c", "d"]);
    await cluster.start("a", "b", "c", "d");
    await cluster.ready("a", "b", "c", "d");
    await cluster.put("a", "key", 1);
    cluster.crash("b");
    const change = cluster.nodes.get("a")!.changeMembers(["a", "b", "c"]);
    await cluster.time.until(change);
    await cluster.put("a", "later", 2);
    cluster.crash("a", "c", "d");
    await cluster.start("a", "b", "c");
    await cluster.ready("a", "b", "c");
    assertEquals([...cluster.nodes.get("b")!.members].sort(), ["a", "b", "c"]);
    assertEquals([await cluster.get("b", "key"), await cluster.get("b", "later")], [1, 2]);
    // Only the older disk and one other are there the next time.
    cluster.crash("a", "b", "c");
    await cluster.start("b", "c");
    await cluster.ready("b", "c");
    assertEquals(await cluster.get("b", "later"), 2);
  });

  it("puts a disk of another cluster aside once that one votes", async () => {
    await using other = new Stored();
    // Another start, at another time.
    await other.pass(1_234);
    await other.start(...IDS);
    await other.ready(...IDS);
    await using cluster = await started();
    await cluster.put("b", "key", 1);
    cluster.crash("a");
    cluster.disk("a").restore(other.disk("a").snapshot());
    await cluster.start("a");
    await cluster.ready("a");
    assertEquals(await cluster.get("a", "key"), 1);
    assertEquals(cluster.disk("a").aside.length, 1);
  });

  it("refuses a disk of a cluster with other members, if no node knows that they have changed", async () => {
    await using cluster = await started();
    await using other = new Stored({ members: ["a", "b"] });
    const disks = ["a", "b"].map((id) => cluster.disk(id).snapshot());
    for (const [index, id] of ["a", "b"].entries()) other.disk(id).restore(disks[index]);
    await other.start("a", "b");
    for (const id of ["a", "b"]) {
      const failed = await assertRejects(() => other.ready(id), SynodError);
      assertInstanceOf(failed, SynodError);
      assertEquals(failed.code, "members_mismatch");
      assert(failed.message.includes("a cluster of a, b, c"), failed.message);
    }
    assertEquals(["a", "b"].map((id) => other.disk(id).snapshot()), disks);
  });

  it("join ends with its signal while another process has the storage, and close() while a write hangs", async () => {
    await using cluster = await started();
    const disk = cluster.disk("a");
    disk.write = () => new Promise(() => {});
    cluster.nodes.get("b")!.kv.put("key", 1).catch(() => {});
    await cluster.pass(100);
    await cluster.time.until(cluster.nodes.get("a")!.close({ timeout: 500 }));

    const abort = new AbortController();
    await using other = new Stored({ signal: abort.signal });
    let closed = 0;
    const taken = memoryStorage();
    let end = () => {};
    taken.load = () => new Promise((_, reject) => end = () => reject(new Error("closed")));
    taken.close = () => Promise.resolve(void (closed++, end()));
    other.disks.set("a", taken);
    const joined = assertRejects(() => other.start("a"), Error);
    await other.pass(1_000);
    abort.abort(new Error("no more"));
    assertEquals((await joined as Error).message, "no more");
    assert(closed > 0);
  });

  it("lets a storage go that it cannot use, and says why", async () => {
    await using cluster = await started();
    cluster.crash("a");
    let closed = 0;
    const broken = memoryStorage();
    broken.load = () => Promise.reject(new Error("no such device"));
    broken.close = () => Promise.resolve(void closed++);
    cluster.disks.set("a", broken);
    const failed = await assertRejects(() => cluster.start("a"), SynodError);
    assertInstanceOf(failed, SynodError);
    assertEquals([failed.code, closed], ["storage_failed", 1]);
    assert(failed.message.includes("no such device"), failed.message);
    const unreadable = memoryStorage();
    unreadable.damage();
    unreadable.clear = () => Promise.reject(new Error("move its file"));
    cluster.disks.set("a", unreadable);
    const damaged = await assertRejects(() => cluster.start("a"), SynodError);
    assertInstanceOf(damaged, SynodError);
    assertEquals(damaged.code, "storage_failed");
    assert(damaged.message.includes("move its file"), damaged.message);
  });

  it("refuses a disk of another member, and one of a newer format", async () => {
    await using cluster = await started();
    const entries = cluster.disk("b").snapshot();
    cluster.crash("a");
    cluster.disk("a").restore(entries);
    const refused = await assertRejects(() => cluster.start("a"), SynodError);
    assertInstanceOf(refused, SynodError);
    assertEquals(refused.code, "storage_failed");
    assert(refused.message.includes("that of b"), refused.message);
    // The version is part of what the checksum covers.
    const newer = toDisk.owner("a");
    newer[4] = 2;
    const key = new TextEncoder().encode("node");
    new DataView(newer.buffer).setUint32(0, crc32(newer, 4, crc32(key)));
    cluster.disk("a").restore(new Map([["node", newer]]));
    const version = await assertRejects(() => cluster.start("a"), SynodError);
    assertInstanceOf(version, SynodError);
    assert(version.message.includes("version 2"), version.message);
  });
});
