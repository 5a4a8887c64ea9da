import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents } from "../support/wait.ts";
import { startLives } from "./support/lives.ts";

describe("membership events", () => {
  it("report to every member that another one comes back, then that it votes, in its new life", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(5, { time });
    await time.pass(5_000);
    const others = cluster.nodes.filter(({ id }) => id !== "n3");
    const logs = others.map((node) => collectEvents(node, "membership"));
    for (let round = 0; round < 2; round++) {
      cluster.crash("n3");
      const node = await cluster.start("n3");
      await time.until(node.ready);
      await time.pass(5_000);
      for (const log of logs) {
        const details = log.splice(0).map(({ detail }) => detail);
        // Reported each time it begins to copy, which may happen again after a loss of messages.
        assertEquals(details.filter(({ state }) => state === "recovering").length > 0, true);
        assertEquals(details.at(-1), { id: "n3", state: "operational", incarnation: node.life });
        assertEquals(details.filter(({ state }) => state === "operational").length, 1);
      }
    }
  });

  it("report the voting members to a client and to the member that comes back", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, clients: true });
    const client = await cluster.start("client");
    await time.until(client.ready);
    await time.pass(5_000);
    const log = collectEvents(client, "membership");
    cluster.crash("n2");
    const second = await cluster.start("n2");
    const own = collectEvents(second, "membership");
    await time.until(second.ready);
    await time.pass(5_000);
    assertEquals(log.map(({ detail }) => detail), [
      { id: "n2", state: "operational", incarnation: second.life },
    ]);
    assertEquals(
      own.map(({ detail }) => detail.id).sort(),
      ["n1", "n2", "n3"],
    );
  });

  it("tell no more than silence, and its end, of members that are cut off", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, sessionTtl: 1_000 });
    await time.pass(5_000);
    const logs = cluster.nodes.map((node) => collectEvents(node, "membership"));
    cluster.network.partition(["n1"]);
    await time.pass(10_000);
    cluster.network.heal();
    await time.pass(10_000);
    const told = logs.map((log) => log.map(({ detail: { id, state } }) => `${id} ${state}`).sort());
    const silence = (id: string) => [`${id} operational`, `${id} unreachable`];
    assertEquals(told, [[...silence("n2"), ...silence("n3")], silence("n1"), silence("n1")]);
    const incarnations = (await time.until(cluster.node("n1").status())).members
      .map(({ incarnation }) => incarnation!);
    assertGreater(Math.min(...incarnations.map(({ length }) => length)), 0);
  });
});
