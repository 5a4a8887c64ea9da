// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { BoundAttempts } from "../../../lib/node/engine/bound_attempts.ts";

describe("BoundAttempts (section 11)", () => {
  it("begin again, each once, until they are released", () => {
    const log: string[] = [];
    const attempts = new BoundAttempts();
    const one = attempts.bind(() => void log.push("one"));
    attempts.bind(() => {
      log.push("two");
      // One that ends another does not have it begin again.
      attempts.release(three);
    });
    const three = attempts.bind(() => void log.push("three"));
    attempts.beginAgain();
    attempts.release(one);
    attempts.release(one);
    attempts.beginAgain();
    assertEquals(log, ["one", "two", "two"]);
  });
});
