// Runs in Deno alone: virtual time, which asks nothing of the platform.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MemberDisk } from "../../lib/node/membership/member_disk.ts";
import { ScriptedMember } from "../support/scripted_member.ts";
import { Stored } from "./support/stored.ts";

const IDS = ["a", "b", "c"];

describe("a member that is in an earlier life again, because its disk is from its first start (section 7)", () => {
  it("takes no value of that life for that of its present put", async () => {
    await using cluster = new Stored({ clients: false });
    const disk = cluster.disk("c");
    const { write } = disk;
    let first: ReturnType<typeof disk.snapshot> | undefined;
    disk.write = async (entries) => {
      await write.call(disk, entries);
      first ??= disk.snapshot();
    };
    await cluster.start(...IDS);
    await cluster.ready(...IDS);
    const { life } = cluster.nodes.get("c")!;
    assertEquals(await cluster.put("c", "key", "first"), "first");
    cluster.crash("c");
    await cluster.pass(3_000);
    await cluster.start("c");
    await cluster.ready("c");
    await cluster.pass(5_000);
    cluster.crash("c");
    await cluster.pass(3_000);
    assert(first !== undefined);
    cluster.disk("c").restore(first);
    await cluster.start("c");
    assertEquals(cluster.nodes.get("c")!.life, life);
    assertEquals(await cluster.put("c", "key", "second"), "first");
    assertEquals(await cluster.get("a", "key"), "first");
  });

  it("goes on above a random number, so that no number of that life comes again", async () => {
    await using cluster = new Stored({ clients: false });
    const disk = cluster.disk("b");
    const { write } = disk;
    let first: ReturnType<typeof disk.snapshot> | undefined;
    disk.write = async (entries) => {
      await write.call(disk, entries);
      first ??= disk.snapshot();
    };
    await cluster.start(...IDS);
    await cluster.ready(...IDS);
    cluster.crash("b");
    assert(first !== undefined);
    cluster.disk("b").restore(first);
    const { engine } = new ScriptedMember();
    await MemberDisk.open(engine, cluster.disk("b"), () => {});
    const number = engine.pendingReplies.next();
    assert(number > 2 ** 20, `${number}`);
  });

  it("also does so with what begins while another process has its disk", async () => {
    const { engine } = new ScriptedMember();
    const disk = new Stored().disk("b");
    const { load } = disk;
    disk.load = (inUse) => (inUse?.(), load.call(disk));
    let number = 0;
    await MemberDisk.open(engine, disk, () => number = engine.pendingReplies.next());
    assert(number > 2 ** 20, `${number}`);
  });
});
