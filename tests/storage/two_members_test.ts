// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { readConfiguration } from "../../lib/codec.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import { Stored } from "./support/stored.ts";

describe("a cluster of two with disks (section 7)", () => {
  it("keeps its only good disk beside one process that has begun anew (epoch 0)", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["b", "a"]);
    await cluster.start("b", "a");
    await cluster.ready("b", "a");
    await cluster.put("a", "key", 1);
    cluster.crash("a", "b");
    cluster.disk("b").lose();
    cluster.ids = ["b"];
    await cluster.start("b");
    await cluster.pass(1_000);
    cluster.ids = ["b", "a"];
    await cluster.start("a");
    await cluster.pass(10_000);
    assertEquals(cluster.disk("a").aside.length, 0);
  });

  it("keeps its only good disk beside one process that has begun anew", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["b"]);
    await cluster.start("b");
    await cluster.ready("b");
    cluster.ids = ["b", "a"];
    await cluster.start("a");
    await cluster.pass(1_500);
    await cluster.time.until(cluster.nodes.get("b")!.changeMembers(cluster.ids));
    await cluster.pass(3_000);
    await cluster.put("a", "key", 1);
    cluster.crash("a", "b");
    // One disk of two is lost, and that member has its first options: it begins alone.
    cluster.disk("b").lose();
    cluster.ids = ["b"];
    await cluster.start("b");
    await cluster.pass(1_000);
    cluster.ids = ["b", "a"];
    await cluster.start("a");
    await cluster.pass(10_000);
    assertEquals(cluster.disk("a").aside.length, 0);
  });

  it("begins again empty if one disk is lost, and it is told to restart", async () => {
    const options = { timeout: 2_000, afterMajorityLoss: "restart" } as const;
    await using cluster = new Stored(options, ["a", "b"]);
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    await cluster.put("a", "key", 1);
    cluster.crash("a", "b");
    cluster.disk("b").lose();
    await cluster.start("a");
    await cluster.pass(10_000);
    assertEquals(cluster.disk("a").aside.length, 0);
    await cluster.start("b");
    await cluster.ready("a", "b");
    assertEquals(cluster.disk("a").aside.length, 1);
    assertEquals(await cluster.put("b", "key", 2), 2);
    assertEquals(cluster.errors, []);
  });

  it("goes on with the memory of the one that votes if the other one loses its disk, also when it is told to restart", async () => {
    const options = { timeout: 2_000, afterMajorityLoss: "restart" } as const;
    await using cluster = new Stored(options, ["a", "b"]);
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    await cluster.put("a", "key", 1);
    cluster.crash("b");
    cluster.disk("b").lose();
    await cluster.pass(10_000);
    await cluster.start("b");
    await cluster.ready("a", "b");
    assertEquals(await cluster.get("b", "key"), 1);
    assertEquals(cluster.disk("a").aside.length, 0);
  });

  it("does not go on with an older disk while a third one, just admitted, may have decided with it", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b"]);
    cluster.time.latency = 10;
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    cluster.ids = ["a", "b", "c"];
    await cluster.start("c");
    await cluster.pass(1_500);
    const engineOf = (id: string) => partsOf(cluster.nodes.get(id)!).engine;
    cluster.nodes.get("a")!.changeMembers(cluster.ids).catch(() => {});
    while (engineOf("c").place?.hasCopied !== true) await cluster.pass(2);
    const older = cluster.disk("a").snapshot();
    while (engineOf("a").configuration.epoch < 2) await cluster.pass(1);
    const { network } = cluster.time;
    network.partition(["b"]);
    await cluster.put("a", "key", 1);
    assertEquals(["b", "c"].map((id) => engineOf(id).configuration.epoch), [1, 2]);
    cluster.crash("a", "c");
    cluster.disk("a").restore(older);
    network.heal();
    await cluster.start("a");
    await cluster.pass(20_000);
    const put = await cluster.time.until(cluster.nodes.get("b")!.kv.put("other", 2));
    assertEquals(put, { ok: false, error: "no_quorum" });
  });

  /** Of a and b, b has accepted alone that c, which has copied, is admitted; then a and c stop. */
  async function halfAdmitted(cluster: Stored): Promise<void> {
    cluster.time.latency = 10;
    await cluster.start("a", "b");
    await cluster.ready("a", "b");
    await cluster.put("a", "key", 1);
    cluster.ids = ["a", "b", "c"];
    await cluster.start("c");
    await cluster.pass(1_500);
    cluster.nodes.get("b")!.changeMembers(cluster.ids).catch(() => {});
    const { engine } = partsOf(cluster.nodes.get("b")!);
    const accepted = () => {
      const state = engine.voter!.acceptor.stored(CONFIGURATION)?.accepted?.state;
      return state && readConfiguration(state)?.epoch;
    };
    while (accepted() !== 2) await cluster.pass(1);
    cluster.crash("a", "c");
  }

  it("asks no more than about once a second while it waits for a third one that may remember more", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b"]);
    await halfAdmitted(cluster);
    cluster.ids = ["a", "b"];
    await cluster.start("a");
    await cluster.pass(10_000);
    const before = cluster.framesOf("a");
    await cluster.pass(10_000);
    const sent = cluster.framesOf("a") - before;
    assert(sent < 100, `${sent} frames`);
  });

  it("goes on once a third one, which starts from its disk, has said that it remembers no more", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b"]);
    await halfAdmitted(cluster);
    cluster.ids = ["a", "b"];
    await cluster.start("a");
    await cluster.pass(1_000);
    cluster.ids = ["a", "b", "c"];
    await cluster.start("c");
    const { engine } = partsOf(cluster.nodes.get("c")!);
    while (partsOf(cluster.nodes.get("a")!).engine.configuration.epoch < 2) await cluster.pass(1);
    assertEquals(engine.voter, null);
    // Two round trips of a start from a disk, an announcement and a copy: it does not wait for its next question.
    await cluster.pass(150);
    assert(engine.voter !== null);
    assertEquals(await cluster.get("c", "key"), 1);
    assertEquals(await cluster.put("a", "other", 2), 2);
  });

  it("goes on once a third one has said that it has lost its memory", async () => {
    await using cluster = new Stored({ clients: true, timeout: 2_000 }, ["a", "b"]);
    await halfAdmitted(cluster);
    cluster.disk("c").lose();
    cluster.ids = ["a", "b"];
    await cluster.start("a");
    await cluster.pass(1_000);
    cluster.ids = ["a", "b", "c"];
    await cluster.start("c");
    await cluster.pass(20_000);
    assertEquals(await cluster.get("a", "key"), 1);
    assertEquals(await cluster.put("a", "other", 2), 2);
  });
});
