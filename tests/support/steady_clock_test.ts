import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startCluster } from "./real_cluster.ts";
import { SteadyClock } from "./steady_clock.ts";
import { collectEvents, nextEvent, turn } from "./wait.ts";

/** Keeps the process busy. */
function freeze(duration: number): void {
  const end = performance.now() + duration;
  while (performance.now() < end);
}

describe("the clock of tests in real time", () => {
  it("goes on while timers wait, and calls them when they are due", async () => {
    const { now, setTimer } = new SteadyClock().runtime();
    const begun = now();
    for (const delay of [0, 3, 50, 200]) {
      const set = now();
      await new Promise<void>((resolve) => void setTimer(resolve, delay));
      assertGreaterOrEqual(now() - set, delay);
    }
    assertGreaterOrEqual(now() - begun, 253);
  });

  it("does not go on while the process stands still", async () => {
    const { now, setTimer } = new SteadyClock().runtime();
    const cancel = setTimer(() => {}, 60_000);
    await turn(1);
    const before = now();
    freeze(300);
    assertLess(now() - before, 100);
    cancel();
  });

  it("measures durations without such time", async () => {
    const clock = new SteadyClock();
    const end = clock.measure();
    await clock.pass(100);
    freeze(300);
    await clock.pass(100);
    const took = end();
    assertGreaterOrEqual(took, 200);
    assertLess(took, 300);
  });

  it("keeps the sessions of a cluster whose process stands still for longer than they last", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 200 });
    const lost = cluster.nodes.map((node) => collectEvents(node, "sessionlost"));
    for (let i = 0; i < 3; i++) {
      freeze(300);
      await turn(50);
    }
    assertEquals(lost, [[], [], []]);
  });

  it("ends the session of a node that is cut off", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 200 });
    const lost = nextEvent(cluster.nodes[2], "sessionlost");
    cluster.isolate("n3");
    await lost;
  });

  it("counts such time once it is told to", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 200 });
    const [node] = cluster.nodes;
    freeze(300);
    assertEquals(node.hasQuorum, true);
    cluster.clock.countsStalls = true;
    freeze(300);
    assertEquals(node.hasQuorum, false);
  });
});
