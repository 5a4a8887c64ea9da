import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { HeldRegister } from "../../lib/paxos/held_register.ts";
import { listed, listPiece, reportOf } from "../../lib/paxos/listing.ts";
import type { Binding, State } from "../../lib/paxos/register.ts";

const BALLOT = { counter: 5, life: "" };
const SESSIONS = ["a", "b", "c", "d", "e"].map((name) => `${name}/life/1`);

function present(bindings: readonly Binding[], owners: readonly string[] = []): State {
  const written = { present: true, token: 5, over: 0, op: "op" } as const;
  return { ...written, value: new Uint8Array([1]), bindings, owners };
}

/** What a list tells of `state`, if these sessions look expired. */
function told(state: State, ...stale: string[]) {
  const { bound, until, owners, stale: named, present } = listed(
    "k",
    { ballot: BALLOT, state },
    false,
    (session) => stale.includes(session),
  );
  return { present, bound, until, owners, stale: named };
}

const PLAIN = { present: true, bound: false, until: null, owners: 0, stale: [] };

describe("listed()", () => {
  it("tells of a value by which nothing has to be read", () => {
    assertEquals(told(present([])), PLAIN);
    const all = listed("k", { ballot: BALLOT, state: present([]) }, true, () => true);
    assertEquals([all.register, all.ballot, all.copied], ["k", BALLOT, true]);
  });

  it("names the earliest time, and the sessions that look expired", () => {
    const bindings: Binding[] = [
      { kind: "until", time: 70 },
      { kind: "until", time: 60 },
      { kind: "node", session: SESSIONS[0] },
    ];
    const state = present(bindings, SESSIONS.slice(0, 2));
    const expected = { ...PLAIN, until: 60, owners: 2, stale: [SESSIONS[1]] };
    assertEquals(told(state, SESSIONS[1], SESSIONS[4]), expected);
  });

  it("has a value read that is bound to a key, or has more expired sessions than a list names", () => {
    assertEquals(told(present([{ kind: "key", register: "k2", token: 3 }])).bound, true);
    const state = present([], SESSIONS);
    const four = told(state, ...SESSIONS.slice(1));
    assertEquals([four.bound, four.stale], [false, SESSIONS.slice(1)]);
    const five = told(state, ...SESSIONS);
    assertEquals([five.bound, five.stale, five.owners], [true, [], 5]);
  });

  it("tells nothing of what an absent value was bound to", () => {
    assertEquals(told({ present: false, token: 5 }, ...SESSIONS), { ...PLAIN, present: false });
  });
});

describe("listPiece()", () => {
  /** An entry whose value costs a copy. */
  class Entry extends HeldRegister {
    override get accepted(): never {
      throw new Error("the value was read");
    }
  }

  const list = (...entries: HeldRegister[]) =>
    listPiece(
      entries.keys().map(String),
      new Map(entries.map((entry, index) => [`${index}`, entry])),
      (session) => session === SESSIONS[0],
    );

  it("tells of values, short and long, without a copy of each", () => {
    const bindings: Binding[] = [{ kind: "node", session: SESSIONS[0] }];
    const long = { ...present(bindings, [SESSIONS[0]]), value: new Uint8Array(1_000) };
    const vote = { ballot: BALLOT, state: present([]), fast: true } as const;
    const told = { ballot: BALLOT, ...PLAIN, copied: false, fast: false };
    assertEquals(
      list(
        new Entry(BALLOT, { ballot: BALLOT, state: present([]) }, false),
        new Entry(BALLOT, vote, true),
        new Entry(BALLOT, null, false),
        new Entry(BALLOT, { ballot: BALLOT, state: long }, false),
      ),
      {
        type: "listed",
        registers: [
          { ...told, register: "0" },
          { ...told, register: "1", copied: true, fast: true },
          { ...told, register: "3", owners: 1, stale: [SESSIONS[0]] },
        ],
        more: false,
      },
    );
  });
});

describe("the vote of a fast round (section 3a)", () => {
  it("is told in a list, and in a report", () => {
    const accepted = { ballot: BALLOT, state: present([]) };
    const vote = { ...accepted, fast: true } as const;
    assertEquals(listed("k", accepted, false, () => false).fast, false);
    assertEquals(listed("k", vote, false, () => false).fast, true);
    const entry = new HeldRegister(BALLOT, vote, true);
    const report = { accepted: vote, copied: true, floor: 0, stale: [] };
    assertEquals(reportOf(entry, 7, () => false), report);
  });
});
