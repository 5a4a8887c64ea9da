import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { KEPT_FOR, LIFE, OTHER_LIFE, REFUSED, returned, Script } from "./support/inbox_script.ts";

/** The bounds of an inbox; see `lib/singletons/inbox.ts`. */
const KEPT_CALLERS = 1_000;
const MAX_CALLERS = 10_000;

/** Lets enough other callers call, and enough time pass, that the inbox forgets its first callers. */
function forgetOthers(script: Script): void {
  for (let n = 1; n <= KEPT_CALLERS + 10; n++) {
    script.time += KEPT_FOR;
    script.arrive(1, { life: `${LIFE}/${n}`, birth: 100 + n });
  }
}

describe("an inbox that callers come to and leave", () => {
  it("remembers at most a thousand callers that are gone", () => {
    const script = new Script(() => returned(100));
    for (let n = 1; n <= 30_000; n++) {
      // 200 callers a second, each of which calls once and never acknowledges the answer.
      script.time += 5;
      script.arrive(1, { life: `${LIFE}/${n}`, node: `w${n}`, birth: n });
      assertLessOrEqual(script.inbox.remembered, KEPT_CALLERS + KEPT_FOR / 5);
    }
    assertEquals(script.handed.length, 30_000);
    script.time += KEPT_FOR;
    script.arrive(1, { life: OTHER_LIFE, birth: 30_001 });
    assertEquals([script.inbox.remembered, script.inbox.size], [KEPT_CALLERS, KEPT_CALLERS]);
    assertEquals(script.inbox.callers.length, KEPT_CALLERS);
  });

  it("remembers at most 10,000 callers, even if all of them call at once", () => {
    const script = new Script();
    for (let n = 1; n <= MAX_CALLERS + 5; n++) {
      script.arrive(1, { life: `${LIFE}/${n}`, node: `w${n}`, birth: n });
    }
    assertEquals([script.inbox.remembered, script.inbox.size], [MAX_CALLERS, MAX_CALLERS]);
    assertEquals(script.inbox.callers.length, KEPT_CALLERS);
    // The calls of forgotten callers end, and their answers are not kept.
    for (let n = 1; n <= 5; n++) script.answer(1);
    assertEquals(script.inbox.size, MAX_CALLERS);
  });

  it("never runs a late call of a forgotten caller: it may have run before", () => {
    const script = new Script(() => REFUSED);
    script.arrive(1, { life: OTHER_LIFE, birth: 7 });
    forgetOthers(script);
    const handed = script.handed.length;
    for (const sequence of [1, 2]) script.arrive(sequence, { life: OTHER_LIFE, birth: 7 });
    assertEquals(script.handed.length, handed);
    assertEquals(script.told.slice(-2), ["1: stale", "2: stale"]);
    // Nor one of an unknown caller, which may be one of the forgotten ones.
    script.arrive(1, { life: `${LIFE}/x`, birth: 7 });
    assertEquals(script.told.at(-1), "1: stale");
    assertEquals(script.handed.length, handed);
  });

  it("takes calls of a forgotten caller under a later birth, and of callers that begin later", () => {
    const script = new Script(() => REFUSED);
    script.arrive(1, { life: OTHER_LIFE, birth: 7 });
    forgetOthers(script);
    const handed = script.handed.length;
    script.arrive(1, { life: OTHER_LIFE, birth: 20_000 });
    script.arrive(1, { life: `${LIFE}/x`, birth: 20_000 });
    assertEquals(script.handed.length, handed + 2);
  });

  it("restarts the count with each birth of a caller, and takes no calls of earlier births", () => {
    const script = new Script();
    script.arrive(1, { birth: 5 }).arrive(3, { birth: 5 });
    script.arrive(1, { birth: 8 });
    assertEquals(script.handed, [1, 1]);
    // The attempt of the earlier birth that would let the third one go on.
    script.arrive(2, { birth: 5 });
    assertEquals([script.handed, script.told.at(-1)], [[1, 1], "2: stale"]);
    script.arrive(2, { birth: 8 });
    assertEquals(script.handed, [1, 1, 2]);
    assertEquals([script.inbox.remembered, script.inbox.size], [1, 2]);
  });

  it("does not forget a caller that goes on to call", () => {
    const script = new Script(() => REFUSED);
    for (let n = 1; n <= 20_000; n++) {
      script.time += 5;
      script.arrive(1, { life: `${LIFE}/${n}`, birth: 10 + n });
      if (n % 200 === 0) script.arrive(n, { life: OTHER_LIFE, birth: 7, open: [], done: n - 1 });
    }
    assertEquals(script.told.filter((text) => text.includes("stale")), []);
    assertEquals(script.handed.length, 20_100);
  });
});
