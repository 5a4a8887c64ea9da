import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClaimsLog, now } from "../../../examples/demo/claims_log.ts";

describe("ClaimsLog", () => {
  it("returns the recorded attempts, also to another thread that has its memory", () => {
    const log = ClaimsLog.withCapacity(10);
    const before = now();
    const first = log.add({ line: 4999, token: 2 ** 52 - 1, owner: 2, won: true, begun: 1.5 });
    log.add({ line: 0, token: 1, owner: 0, won: false, begun: 0 });
    log.publishing(first);
    log.published(first);
    const [one, two, ...more] = new ClaimsLog(log.memory).attempts();
    assertEquals(more, []);
    const { answered, publishing, published, ...answer } = one;
    assertEquals(answer, { line: 4999, token: 2 ** 52 - 1, owner: 2, won: true, begun: 1.5 });
    assert(before <= answered && answered <= publishing && publishing <= published);
    assertEquals([two.won, two.publishing, two.published], [false, 0, 0]);
  });

  it("throws when it is full, rather than lose an attempt", () => {
    const log = ClaimsLog.withCapacity(1);
    const answer = { line: 0, token: 1, owner: 0, won: true, begun: 0 };
    log.add(answer);
    assertThrows(() => log.add(answer), RangeError, "full");
    assertEquals(log.attempts().length, 1);
  });
});
