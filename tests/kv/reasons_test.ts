// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { pidEnded, timePassed } from "../../lib/kv/reasons.ts";

describe("the reasons why a value cannot last", () => {
  it("name the process", () => {
    assertEquals(pidEnded({ session: "n/x/1", seq: 7 }), "pid n/x/1#7 has ended");
  });

  it("name the time, also one that no Date can hold", () => {
    const reasons = [0, 1_577_836_800_123, 8.64e15, 1e300, -Infinity, NaN].map(timePassed);
    assertEquals(reasons, [
      "until is in the past (1970-01-01T00:00:00.000Z)",
      "until is in the past (2020-01-01T00:00:00.123Z)",
      "until is in the past (+275760-09-13T00:00:00.000Z)",
      "until is in the past (1e+300)",
      "until is in the past (-Infinity)",
      "until is in the past (NaN)",
    ]);
  });
});
