// Runs in Deno alone: pure.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LONGEST_ROUND_TRIP, Pacing } from "../../../lib/node/runtime/pacing.ts";
import type { Runtime } from "../../../lib/node/runtime/runtime.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** Pacing with round trips of this length, and with this draw in [0, 1). */
function pacingOf(roundTrip?: number, draw = 0.5): Pacing {
  const pacing = new Pacing({ random: () => draw } as Runtime);
  if (roundTrip !== undefined) { for (let i = 0; i < 200; i++) pacing.measured(roundTrip); }
  return pacing;
}

const ATTEMPTS = [0, 1, 2, 3, 4, 5, 6, 10, 11, 100, 1e9];

describe("Pacing: the round trip", () => {
  it("is 10 ms before one was measured", () => {
    assertEquals(pacingOf().roundTrip, 10);
  });

  it("is the first one if that is shorter, else an eighth of the way to it", () => {
    const [fast, slow] = [pacingOf(), pacingOf()];
    fast.measured(2);
    slow.measured(810);
    assertEquals([fast.roundTrip, slow.roundTrip], [2, 110]);
  });

  it("is not that of a request from before a connection was made, which waited at a cut", () => {
    let now = 0;
    const pacing = new Pacing({ random: () => 0.5, now: () => now } as Runtime);
    for (let i = 0; i < 20; i++) pacing.measured(4_000);
    now = 10_000;
    pacing.connected();
    assertEquals(pacing.roundTrip, 10);
    now = 10_020;
    pacing.measured(6_000);
    assertEquals([pacing.roundTrip, pacing.resend(0)], [10, 50]);
    // On a slow network later requests tell it.
    now = 20_000;
    for (let i = 0; i < 100; i++) pacing.measured(4_000);
    assertAlmostEquals(pacing.roundTrip, 4_000, 1);
  });

  it("that is the shortest grows where the network has become slow, also from none at all", () => {
    const pacing = pacingOf();
    pacing.measured(0);
    for (let i = 0; i < 1_000_000; i++) pacing.measured(50);
    assertAlmostEquals(pacing.shortestRoundTrip, 50, 1);
  });

  it("that is the shortest is that of the connections that there are", () => {
    let now = 0;
    const pacing = new Pacing({ random: () => 0.5, now: () => now } as Runtime);
    for (let i = 0; i < 50; i++) pacing.measured(1);
    pacing.connected();
    now = 1_000;
    for (let i = 0; i < 200; i++) pacing.measured(50);
    assertAlmostEquals(pacing.shortestRoundTrip, 50, 1);
  });

  it("is known to be long at least where connections come and go too fast to measure it", () => {
    let now = 0;
    const pacing = new Pacing({ random: () => 1, now: () => now } as Runtime);
    for (const sinceThen of [3_000, 4_000, 1_000]) {
      pacing.connected();
      now += sinceThen;
      pacing.measured(10_000);
    }
    // Requests are sent again soon all the same: they may be lost with a connection.
    assertEquals([pacing.roundTrip, pacing.backoff(0), pacing.backoff(9)], [10, 8_000, 32_000]);
    now += 5;
    pacing.measured(5);
    assertEquals([pacing.roundTrip, pacing.backoff(0)], [5, 10]);
  });

  it("is not taken for longer than the longest one after a time without a quorum", () => {
    let now = 0;
    const pacing = new Pacing({ random: () => 1, now: () => now } as Runtime);
    pacing.connected();
    now = 60_000;
    pacing.measured(61_000);
    assertEquals(pacing.backoff(0), 2 * LONGEST_ROUND_TRIP);
  });

  it("that only seemed long has each retry wait anew, as long as the true one demands", async () => {
    const time = new VirtualTime();
    const pacing = new Pacing({ ...time.runtime, random: () => 1 });
    const retried: string[] = [];
    pacing.connected();
    await time.pass(8_000);
    pacing.measured(9_000);
    pacing.retryLater(() => retried.push("first"), 0);
    pacing.retryLater(() => retried.push("cancelled"), 0)();
    await time.pass(1_000);
    pacing.measured(5);
    assertEquals(retried, []);
    await time.pass(9);
    assertEquals(retried, []);
    await time.pass(2);
    assertEquals(retried, ["first"]);
    await time.pass(60_000);
    assertEquals(retried, ["first"]);
  });

  it("comes an eighth nearer to each further one", () => {
    const pacing = pacingOf();
    for (const roundTrip of [8, 16, 0]) pacing.measured(roundTrip);
    assertEquals(pacing.roundTrip, 9 * 0.875);
    assertAlmostEquals(pacingOf(300).roundTrip, 300, 1e-6);
  });
});

describe("Pacing: the wait before a request is sent again", () => {
  const waits = (roundTrip?: number) =>
    ATTEMPTS.map((attempt) => Math.round(pacingOf(roundTrip).resend(attempt)));

  it("is four round trips and at least 50 ms, doubled with each attempt up to a second", () => {
    assertEquals(waits().slice(0, 6), [50, 100, 200, 400, 800, 1_000]);
    assertEquals(waits(1), waits());
    assertEquals(waits(30).slice(0, 5), [120, 240, 480, 960, 1_000]);
    for (const wait of waits().slice(5)) assertEquals(wait, 1_000);
  });

  it("is one and a half round trips where these are longer, up to the longest supported one", () => {
    assertEquals(new Set(waits(2_000)), new Set([3_000]));
    assertEquals(new Set(waits(LONGEST_ROUND_TRIP)), new Set([LONGEST_ROUND_TRIP]));
    assertEquals(new Set(waits(1e6)), new Set([LONGEST_ROUND_TRIP]));
  });

  it("is spread by a quarter to each side", () => {
    assertEquals([0, 0.5, 1].map((draw) => pacingOf(undefined, draw).resend(1)), [75, 100, 125]);
  });
});

describe("Pacing: the wait before a retry after a nack", () => {
  const longest = (roundTrip?: number) =>
    ATTEMPTS.map((attempt) => Math.round(pacingOf(roundTrip, 1).backoff(attempt)));

  it("is below two round trips, doubled with each attempt up to half a second", () => {
    assertEquals(longest().slice(0, 6), [20, 40, 80, 160, 320, 500]);
    for (const wait of longest().slice(5)) assertEquals(wait, 500);
  });

  it("is below eight round trips where these are longer", () => {
    assertEquals(longest(1_000).slice(0, 4), [2_000, 4_000, 8_000, 8_000]);
    assertEquals(longest(20_000).at(-1), 160_000);
  });

  it("is spread from nothing, and over a millisecond at least", () => {
    for (const attempt of ATTEMPTS) assertEquals(pacingOf(5, 0).backoff(attempt), 0);
    assertAlmostEquals(pacingOf(0, 1).backoff(0), 1);
    assert(pacingOf(5, 0.999).backoff(3) < 80);
  });
});
