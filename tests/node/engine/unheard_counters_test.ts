import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UnheardCounters } from "../../../lib/node/engine/unheard_counters.ts";
import { LamportClock } from "../../../lib/paxos/ballot.ts";

describe("UnheardCounters", () => {
  it("is further above the known counter the longer no node was heard, within a limit", () => {
    let time = 1_000;
    const clock = new LamportClock();
    const unheard = new UnheardCounters(clock, { now: () => time });
    assertEquals(unheard.highest, 16);
    clock.observe(100);
    unheard.heard();
    assertEquals(unheard.highest, 104);
    time += 0.5;
    assertEquals(unheard.highest, 105);
    time += 7;
    assertEquals(unheard.highest, 112);
    time += 60_000;
    assertEquals(unheard.highest, 116);
  });

  it("does not add the counters that this node uses itself: a burst costs one lead at most", () => {
    const clock = new LamportClock();
    const unheard = new UnheardCounters(clock, { now: () => 5 });
    clock.observe(100);
    unheard.heard();
    clock.observe(1_000);
    assertEquals(unheard.highest, 104);
    unheard.heard();
    assertEquals(unheard.highest, 1_004);
  });
});
