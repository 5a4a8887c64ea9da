import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { beatOf, PATIENCE, requestTimesOf } from "../../../transports/link/beat.ts";

describe("beatOf()", () => {
  it("lets a dead connection be noticed within the time to live of a session", () => {
    for (const sessionTtl of [500, 1_000, 5_000, 25_000, 600_000]) {
      assertLessOrEqual((PATIENCE + 1) * beatOf({ sessionTtl }), sessionTtl);
    }
  });

  it("is neither busy nor so slow that a proxy ends what nobody needs", () => {
    assertEquals(beatOf({ sessionTtl: 100 }), 100);
    assertEquals(beatOf({ sessionTtl: 600_000 }), 5_000);
  });

  it("is that of the usual time to live for a transport that is told of none", () => {
    assertEquals(beatOf(undefined), 1_000);
  });
});

describe("requestTimesOf()", () => {
  it("lets a lost request be noticed within the time to live of a session", () => {
    for (const sessionTtl of [2_000, 5_000, 25_000, 600_000]) {
      const { hold, patience } = requestTimesOf({ sessionTtl });
      assertLessOrEqual(hold + patience, sessionTtl);
    }
  });

  it("has bounds: a server of Bun ends a request after ten seconds", () => {
    assertEquals(requestTimesOf({ sessionTtl: 100 }), { hold: 250, patience: 1_500 });
    assertEquals(requestTimesOf({ sessionTtl: 600_000 }), { hold: 6_250, patience: 5_000 });
  });
});
