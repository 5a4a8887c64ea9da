import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertMatch } from "@std/assert";
import type { LockEntry, LockValue } from "../../lib/paxos/lock_register.ts";
import { lockFaults, type LockLink } from "./lock_links.ts";

/** `a` is an exclusive request, `A` a shared one, `A/2` one with two permits; `a5` holds the lock with token 5. */
function entry(text: string): LockEntry {
  const [plain, permits] = text.split("/");
  const [name, token] = [plain[0], Number(plain.slice(1))];
  const session = `${name.toLowerCase()}/life/1`;
  return {
    pid: { node: name.toLowerCase(), session, seq: 1 },
    request: 1,
    mode: name === name.toLowerCase() ? "exclusive" : "shared",
    token,
    ...(permits !== undefined && { permits: Number(permits) }),
  };
}

/** `"a5 | b c"`: the holders, and the queue. */
function lock(text: string): LockValue {
  const [holders, queue] = text.split("|").map((part) => part.split(" ").filter((one) => one));
  return { holders: holders.map(entry), queue: (queue ?? []).map(entry), term: 1, left: [] };
}

/** The faults of a step from token 5 to 9. */
function faults(before: string, after: string, more: Partial<LockLink> = {}): string[] {
  return lockFaults({
    before: lock(before),
    after: lock(after),
    tokens: [5, 9],
    direct: true,
    gone: new Set(),
    mayLeave: () => true,
    steals: false,
    ...more,
  });
}

describe("lockFaults()", () => {
  it("finds no fault in correct steps", () => {
    const right: [before: string, after: string][] = [
      ["", "a9"],
      ["a5", "a5 | b"],
      ["a5 | b c", "a5 | b c d"],
      ["a5 | b c", "b9 | c"],
      ["a5 | b c", "c9"], // b left the queue, too
      ["a5 | b", ""],
      ["A5", "A5 B9"],
      ["A5", "A5 | b C"],
      ["a5 | B C d E", "B9 C9 | d E"],
      ["A5 B5 | c", "A5 | c"],
      ["A5/2", "A5/2 B9/2"],
      ["A5/2 B4/2", "A5/2 B4/2 | C/2"],
      ["A5/2 B4/2 | C/2", "B4/2 C9/2"],
      ["A5/3 B4/3 | C/1 D/3", "B4/3 | C/1 D/3"],
      ["A5/2", "A5/2 | B"],
    ];
    for (const [before, after] of right) {
      assertEquals(faults(before, after), [], `${before} to ${after}`);
    }
  });

  it("finds each kind of fault", () => {
    const wrong: [before: string, after: string, fault: RegExp][] = [
      ["a5", "a5 b9", /have it together/],
      ["A5", "A5 b9", /have it together/],
      ["A5/3", "A5/3 B9", /have it together/],
      ["A5/2 B4/2", "A5/2 B4/2 C9/2", /3 have it, and the most permits are 2/],
      ["A5/2 | B/2", "A5/2 | B/2", /could have it, and waits/],
      ["a5 | b", "| b", /b.* could have it, and waits/],
      ["A5 | B", "A5 | B", /b.* could have it, and waits/],
      ["a5 | b c", "c9 | b", /c.* passed b/],
      ["A5 | b", "A5 C9 | b", /c.* passed b/],
      ["a5 | b", "c9 | b", /c.* passed b/],
      ["a5 | b c", "a5 | c b", /the order changed/],
      ["a5 | b", "a5 | c b", /the order changed/],
      ["a5", "a9", /became/],
      ["a5 | b", "b5", /granted between @5 and @9/],
      ["a5 | b", "b12", /granted between @5 and @9/],
      ["a5 | B C", "B9 C8", /granted at @9/],
      ["a5", "a5 | a", /twice/],
    ];
    for (const [before, after, fault] of wrong) {
      assertMatch(faults(before, after).join("; "), fault, `${before} to ${after}`);
    }
  });

  it("permits any token in between if it does not see every step", () => {
    assertEquals(faults("a5 | B C", "B7 C9", { direct: false }), []);
    assertMatch(faults("a5 | b", "b5", { direct: false }).join(), /granted between/);
  });

  it("finds a request that leaves without a reason, or comes back", () => {
    const mayLeave = ({ pid }: LockEntry) => pid.node === "a";
    assertEquals(faults("a5 | b", "b9", { mayLeave }), []);
    assertMatch(faults("b5", "", { mayLeave }).join(), /b.* is gone/);
    assertMatch(faults("a5 | b", "a5", { mayLeave }).join(), /b.* is gone/);
    assertMatch(faults("a5", "a5 | b", { gone: new Set(["b/life/1/1"]) }).join(), /b.* is back/);
  });

  it("permits thefts that pass the queue and do not change it", () => {
    const steals = { steals: true, mayLeave: () => false };
    assertEquals(faults("a5 | b c", "d9 | b c", steals), []);
    assertMatch(faults("a5 | b c", "d9 | c", steals).join(), /b.* is gone/);
    assertEquals(faults("a5 | b c", "d9 | c", { ...steals, direct: false }), []);
    assertMatch(faults("a5 | b c", "d9 | c b", steals).join(), /the order changed/);
    // b was granted the lock, lost it to a theft before its node heard of that, and was requested again.
    const apart = { ...steals, direct: false };
    assertEquals(faults("a5 | b c", "d9 | c b", apart), []);
    assertEquals(faults("a5 | b c d", "e9 | d f b c", apart), []);
    assertMatch(faults("a5 | b c d", "e9 | c b d", apart).join(), /the order changed/);
  });

  it("permits another grant of a request that lost the lock to a theft in between", () => {
    const robbed = { steals: true, direct: false, wasRobbed: () => true };
    assertEquals(faults("a5", "a9", robbed), []);
    assertEquals(faults("a5", "a5", robbed), []);
    for (const one of [{ steals: false }, { direct: true }, { wasRobbed: () => false }]) {
      assertMatch(faults("a5", "a9", { ...robbed, ...one }).join(), /became/);
    }
    assertMatch(faults("a5", "a4", robbed).join(), /granted between @5 and @9/);
    assertMatch(faults("a5", "a12", robbed).join(), /granted between @5 and @9/);
  });
});
