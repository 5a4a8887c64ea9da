import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { startLives } from "./support/lives.ts";

const STUCK = { afterMajorityLoss: "wait", sessionTtl: 1_000 } as const;

/** The parts of the status that an operator reads. */
async function look(time: VirtualTime, node: ClusterNode) {
  const { hasQuorum, waitingFor, members } = await time.until(node.status());
  return { hasQuorum, waitingFor, states: members.map(({ state }) => state).join(" ") };
}

describe("status of a cluster that cannot go on", () => {
  it("names the members that are away, and those that are back without their memory", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(5, { time, ...STUCK });
    cluster.crash("n2", "n3", "n4");
    await time.pass(2_000);
    assertEquals(await look(time, cluster.node("n1")), {
      hasQuorum: false,
      waitingFor: ["n2", "n3", "n4"],
      states: "operational unknown unknown unknown operational",
    });
    const third = await cluster.start("n3");
    await time.pass(2_000);
    const states = "operational unknown recovering unknown operational";
    const waitingFor = ["n2", "n3", "n4"];
    // All nodes report the same, including the affected ones.
    for (const node of [cluster.node("n1"), third, cluster.node("n5")]) {
      assertEquals(await look(time, node), { hasQuorum: false, waitingFor, states });
    }
  });

  it("names the members without a memory if no memory is left", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...STUCK });
    cluster.crash(...cluster.members);
    const [second] = [await cluster.start("n2"), await cluster.start("n3")];
    await time.pass(1_000);
    // They are all blank and would start at once, if the first one were not missing.
    assertEquals(await look(time, second), {
      hasQuorum: false,
      waitingFor: ["n1"],
      states: "unknown blank blank",
    });
    await cluster.start("n1");
    await time.until(Promise.all(cluster.nodes.map((node) => node.ready)));
    assertEquals(await look(time, second), {
      hasQuorum: true,
      waitingFor: [],
      states: "operational operational operational",
    });
  });

  it("names no member while a majority goes on, even if one is recovering", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...STUCK });
    cluster.crash("n2");
    const second = await cluster.start("n2");
    cluster.line(second).isCut = true;
    await time.pass(2_000);
    assertEquals(await look(time, cluster.node("n1")), {
      hasQuorum: true,
      waitingFor: [],
      states: "operational unknown operational",
    });
    assertEquals(await look(time, second), {
      hasQuorum: false,
      waitingFor: ["n1", "n3"],
      states: "unknown blank unknown",
    });
    cluster.line(second).isCut = false;
    await time.until(second.ready);
    assertEquals((await look(time, second)).states, "operational operational operational");
  });

  it("shows a client which members the cluster waits for", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...STUCK, clients: true });
    const client = await cluster.start("client");
    await time.until(client.ready);
    cluster.crash("n1", "n2");
    await cluster.start("n2");
    await time.pass(5_000);
    assertEquals(await look(time, client), {
      hasQuorum: false,
      waitingFor: ["n1", "n2"],
      states: "unknown recovering operational",
    });
  });
});
