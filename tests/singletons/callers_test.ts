// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Callers, KEPT_CALLERS } from "../../lib/singletons/callers.ts";

/** Callers that are remembered for 100 ms, and the lives whose records were removed. */
function start() {
  const clock = { now: 0 };
  const removed: string[] = [];
  const callers = new Callers({
    now: () => clock.now,
    keptFor: () => 100,
    removed: (life, { birth }) => removed.push(`${life} of ${birth}`),
  });
  return { clock, callers, removed };
}

describe("Callers", () => {
  it("has one record for each life of a caller", () => {
    const { callers } = start();
    const one = callers.find("n", "1", 5);
    assertEquals([one?.node, one?.birth], ["n", 5]);
    assertEquals(callers.find("n", "1", 5) === one, true);
    assertEquals(callers.find("n", "2", 5) === one, false);
    assertEquals([callers.size, callers.hasForgotten], [2, false]);
  });

  it("has a record only of the latest birth of a life", () => {
    const { callers, removed } = start();
    callers.find("n", "1", 5);
    assertEquals(callers.find("n", "1", 4), undefined);
    assertEquals(callers.find("n", "1", 6)?.birth, 6);
    assertEquals([removed, callers.hasForgotten], [["1 of 5"], false]);
  });

  it("forgets the silent ones above a number, and takes none that may be among them", () => {
    const { clock, callers, removed } = start();
    for (let i = 1; i <= KEPT_CALLERS; i++) callers.find("n", `${i}`, i);
    clock.now = 1_000;
    callers.find("n", "1", 1);
    callers.find("n", "new", 2_000);
    assertEquals([removed, callers.hasForgotten], [["2 of 2"], true]);
    assertEquals([callers.find("n", "2", 2), callers.find("n", "other", 2)], [
      undefined,
      undefined,
    ]);
    assertEquals(callers.find("n", "2", 3)?.birth, 3);
  });
});
