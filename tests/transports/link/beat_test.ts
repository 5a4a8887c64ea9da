import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { beatOf, lookOf, MAX_SILENT_BEATS, requestTimesOf } from "../../../transports/link/beat.ts";

describe("beatOf()", () => {
  it("detects a dead connection within the session TTL", () => {
    for (const sessionTtl of [500, 1_000, 5_000, 25_000, 600_000]) {
      assertLessOrEqual((MAX_SILENT_BEATS + 1) * beatOf({ sessionTtl }), sessionTtl);
    }
  });

  it("is at least 100 ms, and at most 5 s because of the idle timeout of proxies", () => {
    assertEquals(beatOf({ sessionTtl: 100 }), 100);
    assertEquals(beatOf({ sessionTtl: 600_000 }), 5_000);
  });

  it("follows the default session TTL if the transport gets none", () => {
    assertEquals(beatOf(undefined), 1_000);
  });
});

describe("requestTimesOf()", () => {
  it("detect a lost request within the session TTL", () => {
    for (const sessionTtl of [2_000, 5_000, 25_000, 600_000]) {
      const { hold, grace } = requestTimesOf({ sessionTtl });
      assertLessOrEqual(hold + grace, sessionTtl);
    }
  });

  it("have bounds: the server of Bun ends a request after ten seconds", () => {
    assertEquals(requestTimesOf({ sessionTtl: 100 }), {
      hold: 250,
      grace: 1_500,
      overdue: 200,
    });
    assertEquals(requestTimesOf({ sessionTtl: 600_000 }), {
      hold: 6_250,
      grace: 5_000,
      overdue: 2_500,
    });
  });
});

describe("lookOf()", () => {
  it("is a quarter of a beat, and at least 100 ms", () => {
    assertEquals([100, 2_000, 5_000].map((sessionTtl) => lookOf({ sessionTtl })), [100, 100, 250]);
  });
});
