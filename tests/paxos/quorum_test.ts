import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  CrashVector,
  helpersNeeded,
  majority,
  type Sender,
  Tally,
} from "../../lib/paxos/quorum.ts";

const members = ["a", "b", "c"];

/** A sender with its incarnation and what it knows: `sender("a", "1", "1 1 1")`. */
function sender(member: string, incarnation: string, vector: string): Sender {
  return { member, incarnation, vector: vector.split(" ") };
}

describe("majority()", () => {
  it("is floor(n / 2) + 1", () => {
    assertEquals([1, 2, 3, 4, 5, 6, 7].map(majority), [1, 2, 2, 3, 3, 4, 4]);
  });

  it("is the smallest size with which any two quorums share a member", () => {
    for (let count = 1; count <= 99; count++) {
      assert(2 * majority(count) > count);
      assert(2 * (majority(count) - 1) <= count);
    }
  });
});

describe("helpersNeeded()", () => {
  it("is a majority of all, or all others in a list of two", () => {
    assertEquals([1, 2, 3, 4, 5, 6, 7].map(helpersNeeded), [1, 1, 2, 3, 3, 4, 4]);
  });

  it("is the smallest number with which the helpers of any two members share a third member", () => {
    // Each of the two may have the other one among its helpers.
    const shared = (needed: number, count: number) => 2 * (needed - 1) - (count - 2);
    for (let count = 3; count <= 99; count++) {
      assert(shared(helpersNeeded(count), count) > 0);
      assert(shared(helpersNeeded(count) - 1, count) <= 0);
      assert(helpersNeeded(count) <= count - 1);
    }
  });
});

describe("CrashVector", () => {
  it("knows of no incarnation at first", () => {
    assertEquals(new CrashVector(3).entries, ["", "", ""]);
  });

  it("raise() raises one entry, and never lowers it", () => {
    const vector = new CrashVector(3);
    vector.raise(1, "5");
    vector.raise(1, "4");
    vector.raise(1, "");
    vector.raise(0, "3");
    assertEquals(vector.entries, ["3", "5", ""]);
  });

  it("merge() takes the higher of each entry", () => {
    const vector = new CrashVector(3);
    vector.merge(["3", "5", ""]);
    vector.merge(["4", "2", "1"]);
    assertEquals(vector.entries, ["4", "5", "1"]);
  });

  it("merge() takes no more entries than there are members, and accepts fewer", () => {
    const vector = new CrashVector(2);
    vector.merge(["1", "2", "3"]);
    vector.merge(["4"]);
    vector.merge([]);
    assertEquals(vector.entries, ["4", "2"]);
  });

  it("returns a snapshot: earlier entries do not change", () => {
    const vector = new CrashVector(2);
    const before = vector.entries;
    vector.raise(0, "1");
    assertEquals([before, vector.entries], [["", ""], ["1", ""]]);
    const raised = vector.entries;
    vector.merge(["2", "1"]);
    assertEquals([raised, vector.entries], [["1", ""], ["2", "1"]]);
    const after = vector.entries;
    vector.raise(0, "1");
    assertStrictEquals(vector.entries, after);
    vector.merge(["1", "3"]);
    assertEquals([after, vector.entries], [["2", "1"], ["2", "3"]]);
  });

  it("does not change what was merged", () => {
    const vector = new CrashVector(2);
    const merged = ["1", "1"];
    vector.merge(merged);
    vector.raise(0, "2");
    vector.merge(["0", "2"]);
    assertEquals([merged, vector.entries], [["1", "1"], ["2", "2"]]);
  });
});

describe("Tally", () => {
  it("has a quorum with a majority of the members, each counted once", () => {
    const tally = new Tally<number>(members);
    const results = [
      tally.add(sender("a", "1", "1 1 1"), 1),
      tally.add(sender("a", "1", "1 1 1"), 2),
      tally.add(sender("a", "1", "1 1 1"), 3),
      tally.add(sender("c", "1", "1 1 1"), 4),
    ];
    assertEquals(results, [false, false, false, true]);
    assertEquals([tally.reached, tally.replies], [true, [3, 4]]);
  });

  it("does not count nodes that are not members", () => {
    const tally = new Tally<number>(members);
    assertEquals(tally.add(sender("d", "1", "1 1 1"), 1), false);
    assertEquals(tally.add(sender("e", "1", "1 1 1"), 1), false);
    assertEquals([tally.replies, tally.reached], [[], false]);
    tally.add(sender("a", "1", "1 1 1"), 2);
    tally.add(sender("b", "1", "1 1 1"), 3);
    // An existing quorum stays; without one, such a node does not make one.
    assertEquals(tally.add(sender("d", "1", "9 9 9"), 1), true);
    assertEquals(tally.replies, [2, 3]);
  });

  it("has() and missing() tell which members' replies count", () => {
    const tally = new Tally<number>(members);
    assertEquals(tally.missing(), ["a", "b", "c"]);
    tally.add(sender("b", "1", "1 1 1"), 1);
    assertEquals([tally.has("a"), tally.has("b"), tally.missing()], [false, true, ["a", "c"]]);
  });

  it("needs the given number of replies", () => {
    const tally = new Tally<number>(members, [{ of: members, needed: 3 }]);
    tally.add(sender("a", "1", ""), 1);
    assertEquals(tally.add(sender("b", "1", ""), 1), false);
    assertEquals(tally.add(sender("c", "1", ""), 1), true);
  });

  it("needs enough replies of each list; a reply may count in several, and in none", () => {
    const shares = [{ of: ["a", "b"], needed: 1 }, { of: ["b", "c"], needed: 2 }];
    const tally = new Tally<number>(["a", "b", "c", "d"], shares);
    tally.add(sender("d", "1", ""), 1);
    tally.add(sender("a", "1", ""), 1);
    assertEquals(tally.add(sender("c", "1", ""), 1), false);
    assertEquals(tally.add(sender("b", "1", ""), 1), true);
  });

  it("of more replies than there are nodes is never there", () => {
    const tally = new Tally<number>(["a"], [{ of: [], needed: 1 }]);
    assertEquals(tally.add(sender("a", "1", ""), 1), false);
  });

  it("alone in a cluster of one is a quorum", () => {
    assertEquals(new Tally<number>(["a"]).add(sender("a", "1", "1"), 1), true);
  });
});

describe("Tally.isFor()", () => {
  it("holds for its own members until it is given a reply, even one that does not count", () => {
    const tally = new Tally<number>(members);
    assertEquals([tally.isFor(members), tally.isFor([...members, "d"])], [true, false]);
    tally.add(sender("d", "1", "1 1 1"), 1);
    assertEquals(tally.isFor(members), true);
    tally.add(sender("b", "1", "2 1 1"), 1);
    assertEquals(tally.isFor(members), false);
    const aware = new Tally<number>(members);
    aware.add(sender("a", "1", "2 1 1"), 1);
    assertEquals([aware.size, aware.isFor(members)], [0, false]);
  });
});

describe("Tally: a crash-consistent quorum (Michael et al., section 4)", () => {
  it("drops a reply from before a crash that another sender knows of, and needs a new one", () => {
    const tally = new Tally<string>(members);
    assertEquals(tally.add(sender("a", "1", "1 1 1"), "a before its crash"), false);
    assertEquals(tally.add(sender("b", "1", "2 1 1"), "b after a's crash"), false);
    assertEquals([tally.replies, tally.missing()], [["b after a's crash"], ["a", "c"]]);
    assertEquals(tally.add(sender("a", "2", "2 1 1"), "a after its crash"), true);
    assertEquals(tally.replies, ["a after its crash", "b after a's crash"]);
  });

  it("does so in either order of arrival", () => {
    const tally = new Tally<string>(members);
    tally.add(sender("b", "1", "2 1 1"), "b after a's crash");
    assertEquals(tally.add(sender("a", "1", "1 1 1"), "a before its crash"), false);
    assertEquals([tally.replies, tally.missing()], [["b after a's crash"], ["a", "c"]]);
  });

  it("counts a reply from before a crash that no other sender knew of when it replied", () => {
    const tally = new Tally<string>(members);
    tally.add(sender("a", "1", "1 1 1"), "a");
    assertEquals(tally.add(sender("b", "1", "1 1 1"), "b"), true);
  });

  it("a quorum of the others forms without the one that crashed", () => {
    const tally = new Tally<string>(members);
    tally.add(sender("a", "1", "1 1 1"), "a");
    tally.add(sender("b", "1", "2 1 1"), "b");
    assertEquals(tally.add(sender("c", "1", "1 1 1"), "c"), true);
    assertEquals(tally.replies, ["b", "c"]);
  });

  it("knows of a crash from the reply of the new incarnation itself", () => {
    const tally = new Tally<string>(members);
    tally.add(sender("a", "1", "1 1 1"), "old");
    tally.add(sender("a", "2", "2 1 1"), "new");
    assertEquals(tally.replies, ["new"]);
    // Its vector need not contain it.
    const other = new Tally<string>(members);
    other.add(sender("a", "2", "1 1 1"), "new");
    other.add(sender("a", "1", "1 1 1"), "late");
    assertEquals(other.replies, ["new"]);
  });

  it("a late reply of an earlier incarnation replaces no other", () => {
    const tally = new Tally<string>(members);
    tally.add(sender("a", "2", "2 1 1"), "new");
    assertEquals(tally.add(sender("b", "1", "1 1 1"), "b"), true);
    assertEquals(tally.add(sender("a", "1", "1 1 1"), "late"), true);
    assertEquals(tally.replies, ["new", "b"]);
  });

  it("one new sender may void several replies", () => {
    const five = ["a", "b", "c", "d", "e"];
    const tally = new Tally<string>(five);
    tally.add(sender("a", "1", "1 1 1 1 1"), "a");
    tally.add(sender("b", "1", "1 1 1 1 1"), "b");
    assertEquals(tally.add(sender("c", "1", "2 2 1 1 1"), "c"), false);
    assertEquals([tally.replies, tally.missing()], [["c"], ["a", "b", "d", "e"]]);
  });

  it("no set of two or three replies is counted that violates the definition", () => {
    // For no two of them, from i and j, may i's vector name a higher incarnation of j than the one that
    // replied. All combinations of incarnations 1 and 2 and of the known ones.
    const possible: Sender[] = [];
    for (const [index, member] of members.entries()) {
      for (let bits = 0; bits < 8; bits++) {
        const vector = members.map((_, other) => (bits >> other) % 2 === 0 ? "1" : "2");
        possible.push({ member, incarnation: vector[index], vector });
      }
    }
    let reached = 0;
    const check = (senders: Sender[]) => {
      const tally = new Tally<Sender>(members);
      for (const sender of senders) tally.add(sender, sender);
      const counted = tally.replies;
      assertEquals(tally.reached, counted.length >= 2);
      if (tally.reached) reached++;
      for (const i of counted) {
        for (const j of counted) assert(i.vector[members.indexOf(j.member)] <= j.incarnation);
      }
    };
    for (const first of possible) {
      for (const second of possible) {
        check([first, second]);
        for (const third of possible) check([first, second, third]);
      }
    }
    assert(reached > 0);
  });
});
