// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { decodeFrame, readConfiguration } from "../../lib/codec.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import { Stored } from "./support/stored.ts";

const OPTIONS = { clients: true, timeout: 2_000 };
const BOTH = ["a", "b"];

/** The epoch that a node knows. */
function epochOf(cluster: Stored, id: string): number {
  return partsOf(cluster.nodes.get(id)!).engine.configuration.epoch;
}

/** The epoch that a member has accepted. */
function acceptedBy(cluster: Stored, id: string): number {
  const { voter } = partsOf(cluster.nodes.get(id)!).engine;
  const state = voter?.acceptor.stored(CONFIGURATION)?.accepted?.state;
  return state === undefined ? -1 : readConfiguration(state)!.epoch;
}

function standing(cluster: Stored, id: string): string | undefined {
  return partsOf(cluster.nodes.get(id)!).engine.place?.standing;
}

/** A lone member a, and b, which has copied what a knows; the admission is not chosen yet. */
async function joining(): Promise<Stored> {
  const cluster = new Stored(OPTIONS, ["a"]);
  cluster.time.latency = 10;
  await cluster.start("a");
  await cluster.ready("a");
  await cluster.put("a", "key", 1);
  cluster.ids = BOTH;
  await cluster.start("b");
  await cluster.pass(1_500);
  cluster.nodes.get("a")!.changeMembers(BOTH).catch(() => {});
  while (partsOf(cluster.nodes.get("b")!).engine.place?.hasCopied !== true) await cluster.pass(4);
  return cluster;
}

/** Both members; `by` asks for the removal of b. */
async function leaving(by: string): Promise<Stored> {
  const cluster = new Stored(OPTIONS, BOTH);
  cluster.time.latency = 10;
  await cluster.start(...BOTH);
  await cluster.ready(...BOTH);
  await cluster.put("a", "key", 1);
  cluster.nodes.get(by)!.changeMembers(["a"]).catch(() => {});
  return cluster;
}

/** Both members, of which b has on its disk that it is removed; a has accepted that, and does not know it. */
async function knownToB(): Promise<Stored> {
  const cluster = await leaving("b");
  const [c] = await cluster.start("c");
  while (epochOf(cluster, "b") < 1) await cluster.pass(4);
  cluster.time.network.partition(["a"]);
  // It has it on its disk before it answers.
  c.kv.get("key").catch(() => {});
  await cluster.pass(1_000);
  cluster.crash("c");
  assertEquals([epochOf(cluster, "a"), acceptedBy(cluster, "a")], [0, 1]);
  return cluster;
}

/** Both members, which have stopped. Only c, which was removed before, knows that b is removed. */
async function knownToFormer(): Promise<Stored> {
  const cluster = new Stored(OPTIONS, ["a", "b", "c"]);
  const { time } = cluster;
  time.latency = 10;
  await cluster.start(...cluster.ids);
  await cluster.ready(...cluster.ids);
  await cluster.put("a", "key", 1);
  await time.until(cluster.nodes.get("a")!.changeMembers(BOTH, { timeout: 20_000 }));
  await cluster.pass(5_000);
  const epoch = epochOf(cluster, "a");
  cluster.nodes.get("c")!.changeMembers(["a"]).catch(() => {});
  while (epochOf(cluster, "c") === epoch) await cluster.pass(2);
  assertEquals(BOTH.map((id) => epochOf(cluster, id)), [epoch, epoch]);
  cluster.crash(...BOTH);
  return cluster;
}

/** The removal of b is settled, and nothing was lost. */
async function left(cluster: Stored): Promise<void> {
  assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
  assertEquals(await cluster.get("b", "key"), 1);
  assertEquals(BOTH.map((id) => cluster.disk(id).aside.length), [0, 1]);
  assertEquals(cluster.errors, []);
}

async function startAgain(cluster: Stored, ...ids: string[]): Promise<void> {
  cluster.crash(...BOTH);
  cluster.time.network.heal();
  await cluster.start(...ids);
  await cluster.pass(30_000);
}

describe("one member with a disk that becomes two, or two that become one, and all stop (section 11)", () => {
  for (const order of [BOTH, ["b", "a"]]) {
    it(`the second one is admitted and does not know it; ${order[0]} starts first`, async () => {
      await using cluster = await joining();
      while (epochOf(cluster, "a") < 2) await cluster.pass(4);
      assertEquals(epochOf(cluster, "b"), 1);
      await startAgain(cluster, ...order);
      assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "votes"]);
      assertEquals(await cluster.get("b", "key"), 1);
      assertEquals(BOTH.map((id) => epochOf(cluster, id)), [2, 2]);
      assertEquals(BOTH.map((id) => cluster.disk(id).aside.length), [0, 0]);
      assertEquals(cluster.errors, []);
    });
  }

  it("the second one is admitted and does not know it; with a list without it, it waits and keeps its disk", async () => {
    await using cluster = await joining();
    while (epochOf(cluster, "a") < 2) await cluster.pass(4);
    cluster.crash(...BOTH);
    cluster.ids = ["a"];
    await cluster.start(...BOTH);
    await cluster.pass(30_000);
    assertEquals(BOTH.map((id) => cluster.nodes.get(id)!.hasQuorum), [false, false]);
    cluster.crash("b");
    cluster.ids = BOTH;
    await cluster.start("b");
    await cluster.pass(30_000);
    assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "votes"]);
    assertEquals(await cluster.get("b", "key"), 1);
    assertEquals(BOTH.map((id) => cluster.disk(id).aside.length), [0, 0]);
    assertEquals(cluster.errors, []);
  });

  it("the second one has copied and is not admitted: it is left out, and may be added later", async () => {
    await using cluster = await joining();
    assertEquals(BOTH.map((id) => epochOf(cluster, id)), [1, 1]);
    await startAgain(cluster, ...BOTH);
    assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
    assertEquals(await cluster.get("b", "key"), 1);
    assertEquals(epochOf(cluster, "a"), 2);
    assert(cluster.disk("b").aside.length > 0);
    await cluster.time.until(cluster.nodes.get("a")!.changeMembers(BOTH, { timeout: 20_000 }));
    await cluster.pass(3_000);
    assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "votes"]);
    assertEquals(cluster.errors, []);
  });

  it("the second one has copied and is not admitted: it does not begin alone", async () => {
    await using cluster = await joining();
    await startAgain(cluster, "b");
    assertEquals(standing(cluster, "b"), undefined);
    const put = await cluster.time.until(cluster.nodes.get("b")!.kv.put("key", 2));
    assertEquals(put, { ok: false, error: "no_quorum" });
    await cluster.start("a");
    await cluster.pass(30_000);
    assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
    assertEquals(await cluster.get("a", "key"), 1);
  });

  for (const order of [BOTH, ["b", "a"]]) {
    it(`both have accepted that b is removed, and neither knows it; ${order[0]} starts first`, async () => {
      await using cluster = await leaving("a");
      while (acceptedBy(cluster, "b") < 1) await cluster.pass(4);
      assertEquals(BOTH.map((id) => epochOf(cluster, id)), [0, 0]);
      await startAgain(cluster, ...order);
      assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
      assertEquals(await cluster.get("a", "key"), 1);
      assertEquals(cluster.disk("a").aside.length, 0);
      assertEquals(cluster.errors, []);
    });

    it(`only b knows that it is removed; ${order[0]} starts first`, async () => {
      await using cluster = await knownToB();
      await startAgain(cluster, ...order);
      assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
      assertEquals(await cluster.get("b", "key"), 1);
      assertEquals(BOTH.map((id) => cluster.disk(id).aside.length), [0, 1]);
      assertEquals(cluster.errors, []);
    });
  }

  it("both have accepted that b is removed, and b votes before a has heard of its disk", async () => {
    await using cluster = await leaving("a");
    while (acceptedBy(cluster, "b") < 1) await cluster.pass(4);
    cluster.crash(...BOTH);
    const { network } = cluster.time;
    const make = network.transport.bind(network);
    network.transport = () => {
      const transport = make();
      const send = transport.send.bind(transport);
      transport.send = (to, bytes) => {
        const decoded = decodeFrame(bytes);
        const isDisk = decoded.ok && decoded.frame.replies.some(({ type }) => type === "stored");
        if (!isDisk) send(to, bytes);
      };
      return transport;
    };
    await cluster.start("b");
    network.transport = make;
    await cluster.start("a");
    await cluster.pass(30_000);
    assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
    assertEquals(await cluster.get("a", "key"), 1);
    assertEquals(cluster.disk("a").aside.length, 0);
  });

  it("only b knows that it is removed, also once it has started for the second time", async () => {
    await using cluster = await knownToB();
    await startAgain(cluster, "b");
    assertEquals([standing(cluster, "b"), cluster.disk("b").aside.length], ["outside", 0]);
    cluster.crash("b");
    await cluster.start(...BOTH);
    await cluster.pass(30_000);
    assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
    assertEquals(await cluster.get("b", "key"), 1);
  });

  it("only b knows that it is removed, and starts again while a goes on", async () => {
    await using cluster = await knownToB();
    cluster.crash("b");
    cluster.time.network.heal();
    assertEquals(epochOf(cluster, "a"), 0);
    await cluster.start("b");
    await cluster.pass(30_000);
    assertEquals(BOTH.map((id) => standing(cluster, id)), ["votes", "outside"]);
    assertEquals(await cluster.get("b", "key"), 1);
    assertEquals(cluster.errors, []);
  });

  it("b is told that it is removed between its two rounds of questions", async () => {
    await using cluster = await knownToFormer();
    const { configuration, incarnations } = partsOf(cluster.nodes.get("c")!).engine;
    cluster.time.network.partition(["c"]);
    await cluster.start(...BOTH);
    while (standing(cluster, "b") === undefined) await cluster.pass(1);
    assertEquals(standing(cluster, "b"), "recovers");
    partsOf(cluster.nodes.get("b")!).engine.learn(configuration, incarnations.all);
    await cluster.pass(0);
    assertEquals([standing(cluster, "b"), cluster.disk("b").aside.length], ["outside", 0]);
    cluster.crash(...BOTH);
    await cluster.start(...BOTH);
    await cluster.pass(20_000);
    await left(cluster);
  });

  for (const again of [false, true]) {
    it(`a former member alone knows that b is removed, and tells it; b ${again ? "starts again" : "goes on"}`, async () => {
      await using cluster = await knownToFormer();
      await cluster.start("b");
      await cluster.pass(3_000);
      assertEquals([standing(cluster, "b"), cluster.disk("b").aside.length], ["outside", 0]);
      cluster.crash("c", ...again ? ["b"] : []);
      await cluster.start("a", ...again ? ["b"] : []);
      await cluster.pass(20_000);
      await left(cluster);
    });
  }
});
