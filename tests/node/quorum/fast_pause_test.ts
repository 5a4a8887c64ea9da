// Runs in Deno alone: pure.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { FastPause } from "../../../lib/node/quorum/fast_pause.ts";

/** Loses rounds until a pause begins; returns how many. */
function lose(pause: FastPause, now: number): number {
  let lost = 0;
  for (; pause.isOver(now); lost++) pause.lost(now);
  return lost;
}

describe("FastPause (section 3a)", () => {
  it("begins after three lost rounds, and then after each one, for twice as long", () => {
    const pause = new FastPause();
    let now = 0;
    for (const [lost, time] of [[3, 1_000], [1, 2_000], [1, 4_000]]) {
      assertEquals(lose(pause, now), lost);
      assertEquals(pause.isOver(now + time - 1), false);
      now += time;
      assertEquals(pause.isOver(now), true);
    }
  });

  it("lasts a minute at most", () => {
    const pause = new FastPause();
    let now = 0;
    for (let i = 0; i < 20; i++, now += 60_000) lose(pause, now);
    assertEquals([pause.isOver(now - 1), pause.isOver(now)], [false, true]);
  });

  it("does not begin while two rounds are won for each lost one, and is short again after that", () => {
    const pause = new FastPause();
    for (let i = 0; i < 4; i++) lose(pause, 100_000 * i);
    for (let i = 0; i < 10; i++) pause.won();
    for (let i = 0; i < 10; i++) {
      pause.lost(1_000_000);
      assertEquals(pause.isOver(1_000_000), true);
      pause.won();
      pause.won();
    }
    assertEquals(lose(pause, 1_000_000), 3);
    assertEquals([pause.isOver(1_000_999), pause.isOver(1_001_000)], [false, true]);
  });
});
