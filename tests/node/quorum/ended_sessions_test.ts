// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EndedSessions } from "../../../lib/node/quorum/ended_sessions.ts";

describe("EndedSessions", () => {
  it("remembers the sessions that have ended, and no others", () => {
    const ended = new EndedSessions();
    ended.add("a/x/1");
    ended.add("a/x/1");
    assertEquals(["a/x/1", "a/x/2", "a/x/10"].map((one) => ended.has(one)), [true, false, false]);
  });

  it("remembers the latest 10,000", () => {
    const ended = new EndedSessions();
    for (let i = 0; i < 10_002; i++) ended.add(`a/x/${i}`);
    const remembered = [0, 1, 2, 3, 10_001].map((i) => ended.has(`a/x/${i}`));
    assertEquals(remembered, [false, false, true, true, true]);
  });

  it("forgets last what was added again last", () => {
    const ended = new EndedSessions();
    for (let i = 0; i < 10_000; i++) ended.add(`a/x/${i}`);
    ended.add("a/x/0");
    ended.add("b/x/0");
    assertEquals(["a/x/0", "a/x/1", "b/x/0"].map((one) => ended.has(one)), [true, false, true]);
  });
});
