import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { compareBallots } from "../../lib/paxos/ballot.ts";
import { type Report, summarize } from "../../lib/paxos/reports.ts";
import type { State } from "../../lib/paxos/register.ts";
import { absent, ballot, value } from "./support/acceptor_script.ts";

const none = (floor = 0): Report => ({ accepted: null, copied: false, floor, stale: [] });
const vote = (at: string, state: State, stale: string[] = []): Report => ({
  accepted: { ballot: ballot(at), state },
  copied: false,
  floor: 0,
  stale,
});
const copy = (at: string, state: State): Report => ({ ...vote(at, state), copied: true });

/** Every order of `items`. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest])
  );
}

describe("summarize()", () => {
  const [x, y, z] = [value("x", 1), value("y", 2), value("z", 2)];

  it("takes the accepted state with the highest ballot (Paxos Made Simple, phase 2a)", () => {
    for (const reports of orders([vote("1p", x), none(9), vote("2p", y), vote("2q", z)])) {
      const { state, token, ballot: highest } = summarize(reports);
      assertEquals({ state, token, highest }, { state: z, token: 2, highest: ballot("2q") });
    }
  });

  it("returns the token of the state, not the counter of its ballot nor a floor", () => {
    assertEquals(summarize([vote("7p", x), vote("7p", x)]).token, 1);
    assertEquals(summarize([vote("7p", absent(3)), none(5)]).token, 3);
  });

  it("the token of none is the highest floor in the quorum", () => {
    for (const reports of orders([none(3), none(8), none(5)])) {
      const { state, token, unanimous, stale } = summarize(reports);
      assertEquals({ state, token, unanimous, stale }, {
        state: null,
        token: 8,
        unanimous: true,
        stale: [],
      });
    }
  });

  it("none is at a ballot below every later one: any other quorum shares a member", () => {
    // With these floors, the lowest later ballot is 4 of the lowest life, at the acceptor with floor 3.
    for (const reports of orders([none(3), none(8), none(5)])) {
      const { ballot } = summarize(reports);
      assert(compareBallots(ballot, { counter: 4, life: "" }) < 0);
    }
  });

  it("is unanimous only if the whole quorum reports the state at one ballot", () => {
    assertEquals(summarize([vote("2p", y), vote("2p", y)]).unanimous, true);
    for (
      const reports of [
        [vote("2p", y), vote("1p", x)], // another state
        [vote("2p", y), vote("3q", y)], // the same state at another ballot: written again
        [vote("2p", y), vote("2q", z)], // another life
        [vote("2p", y), none(9)],
      ]
    ) {
      for (const order of orders(reports)) assertEquals(summarize(order).unanimous, false);
    }
  });

  it("none and a tombstone are different reports", () => {
    assertEquals(summarize([none(), none()]).unanimous, true);
    assertEquals(summarize([vote("3p", absent(3)), vote("3p", absent(3))]).unanimous, true);
    for (const order of orders([none(9), vote("3p", absent(3))])) {
      const { unanimous, state } = summarize(order);
      assertEquals({ unanimous, state }, { unanimous: false, state: absent(3) });
    }
  });

  it("a copy is not a vote, but is adopted like any other state", () => {
    for (const order of orders([copy("2p", y), vote("2p", y), vote("2p", y)])) {
      const { unanimous, state } = summarize(order);
      assertEquals({ unanimous, state }, { unanimous: false, state: y });
    }
    assertEquals(summarize([copy("2p", y), copy("2p", y)]).unanimous, false);
    assertEquals(summarize([vote("1p", x), copy("2p", y)]).state, y);
  });

  it("names an owner as expired only if the whole quorum believes it", () => {
    const owned = value("x", 1, ["n/1/1", "m/1/1"]);
    const stale = (...lists: string[][]) =>
      summarize(lists.map((list) => vote("1p", owned, list))).stale;
    assertEquals(stale(["n/1/1"], ["n/1/1", "m/1/1"]), ["n/1/1"]);
    assertEquals(stale(["n/1/1"], []), []);
    assertEquals(stale(["n/1/1"], ["m/1/1"]), []);
    assertEquals(stale(["n/1/1", "m/1/1"], ["m/1/1", "n/1/1"]), ["n/1/1", "m/1/1"]);
    assertEquals(summarize([vote("1p", owned, ["n/1/1"]), none()]).stale, []);
  });

  it("names only owners of the state that it takes", () => {
    const owned = value("x", 1, ["n/1/1"]);
    assertEquals(summarize([vote("1p", owned, ["n/1/1"]), vote("2p", y, ["n/1/1"])]).stale, []);
  });
});

describe("summarize() with votes of fast rounds (section 3a)", () => {
  const [x, y] = [value("x", 2), value("y", 9)];
  const fast = (at: string, state: State): Report => {
    const report = vote(at, state);
    return { ...report, accepted: { ...report.accepted!, fast: true } };
  };

  it("adopts a classic state before them, however high their ballots, and the highest of them", () => {
    for (const order of orders([vote("2p", x), fast("9q", y), none()])) {
      assertEquals(summarize(order, 5).state, x);
    }
    for (const order of orders([fast("2p", x), fast("9q", y), none()])) {
      assertEquals(summarize(order, 5).state, y);
    }
    assertEquals(summarize([{ ...fast("9q", y), copied: true }, none()], 3).state, y);
  });

  it("is unanimous with the own votes of all members, or a majority of which one is marked", () => {
    const [a, marked] = [fast("2p", x), vote("2p", x)];
    assertEquals(summarize([a, a, a], 3).unanimous, true);
    assertEquals(summarize([a, a], 3).unanimous, false);
    assertEquals(summarize([a, marked], 3).unanimous, true);
    assertEquals(summarize([a, a, { ...a, copied: true }], 3).unanimous, false);
    assertEquals(summarize([{ ...a, copied: true }, marked], 3).unanimous, false);
    assertEquals(summarize([a, a, fast("3q", y)], 3).unanimous, false);
    assertEquals(summarize([a, a, a]).unanimous, false);
  });

  it("is open as long as the other members may show that", () => {
    const a = fast("2p", x);
    assertEquals(summarize([a, a], 3).open, true);
    assertEquals(summarize([a, none()], 3).open, false);
    assertEquals(summarize([a, { ...a, copied: true }], 3).open, false);
    assertEquals(summarize([a, a, a], 3).open, false);
    assertEquals(summarize([vote("2p", x), vote("2p", x)], 3).open, false);
  });
});
