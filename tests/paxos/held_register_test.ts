import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { Ballot } from "../../lib/paxos/ballot.ts";
import { HeldRegister } from "../../lib/paxos/held_register.ts";
import type { Accepted, State } from "../../lib/paxos/register.ts";

const BALLOT: Ballot = { counter: 2 ** 50 + 3, life: "p" };

function present(value: Uint8Array, more: Partial<State> = {}): State {
  const { counter } = BALLOT;
  return {
    ...{ present: true, token: counter, over: 12, op: "p/17", value, bindings: [], owners: [] },
    ...more,
  } as State;
}

const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => 7 * index);

const STATES: Readonly<Record<string, State>> = {
  "a tombstone": { present: false, token: 5 },
  "an empty value": present(bytes(0)),
  "a value of all bytes": present(bytes(128)),
  "a long value": present(bytes(129)),
  "a state of an earlier ballot": present(bytes(3), { token: 40, over: 0 }),
  "a value that is bound": present(bytes(3), { bindings: [{ kind: "until", time: 9 }] }),
  "a value of an owner": present(bytes(3), { owners: ["n/p/1"] }),
};

const PROMISES: readonly Ballot[] = [
  BALLOT,
  { counter: BALLOT.counter + 1, life: "p" },
  { counter: BALLOT.counter + 1, life: "q" },
  { counter: 2 ** 52 - 1, life: "p" },
  { counter: BALLOT.counter, life: "~" },
];

const facts = ({ promised, accepted, copied }: HeldRegister) => ({ promised, accepted, copied });

describe("HeldRegister", () => {
  for (const [name, state] of Object.entries(STATES)) {
    for (const fast of [false, true]) {
      it(`holds what it was given: ${name}${fast ? ", of a fast round" : ""}`, () => {
        const accepted: Accepted = fast
          ? { ballot: BALLOT, state, fast: true }
          : { ballot: BALLOT, state };
        for (const promised of PROMISES) {
          const entry = new HeldRegister(promised, accepted, true);
          assertEquals(facts(entry), { promised, accepted, copied: true });
          assertEquals(entry.isBlank, false);

          const later = new HeldRegister(promised, null, false);
          assertEquals([later.isBlank, facts(later)], [
            true,
            { promised, accepted: null, copied: false },
          ]);
          later.accepted = accepted;
          assertEquals(facts(later), { promised, accepted, copied: false });
          for (const next of PROMISES) {
            later.promised = next;
            assertEquals(facts(later), { promised: next, accepted, copied: false });
          }
        }
      });
    }
  }

  it("keeps its promise when it accepts something else", () => {
    const ballot = { counter: BALLOT.counter - 9, life: "p" };
    for (const state of Object.values(STATES)) {
      for (const promised of PROMISES) {
        const entry = new HeldRegister(promised, { ballot: BALLOT, state }, false);
        entry.accepted = { ballot, state: STATES["a tombstone"] };
        assertEquals(entry.promised, promised);
        entry.accepted = null;
        assertEquals(entry.promised, promised);
      }
    }
  });

  it("knows the life that was promised the ballot behind what was accepted", () => {
    const { counter } = BALLOT;
    for (const state of Object.values(STATES)) {
      const keepers = [...PROMISES, { counter: counter + 2, life: "q" }, { counter, life: "q" }]
        .map(
          (promised) => new HeldRegister(promised, { ballot: BALLOT, state }, false).keeper,
        );
      assertEquals(keepers, [undefined, "p", "q", undefined, undefined, undefined, undefined]);
    }
    assertEquals(new HeldRegister(PROMISES[2], null, false).keeper, undefined);
  });

  it("holds no bytes that its caller may change", () => {
    const value = bytes(3);
    const entry = new HeldRegister(BALLOT, { ballot: BALLOT, state: present(value) }, false);
    value[1] = 99;
    assertEquals(entry.accepted?.state, present(bytes(3)));
  });

  for (const name of ["an empty value", "a long value"]) {
    it(`makes the vote of a fast round a classic one, for that ballot alone: ${name}`, () => {
      const accepted: Accepted = { ballot: BALLOT, state: STATES[name], fast: true };
      const promised = PROMISES[1];
      const entry = new HeldRegister(promised, accepted, false);
      for (const other of [PROMISES[1], { ...BALLOT, life: "q" }]) {
        assertEquals(entry.mark(other), false);
        assertEquals(entry.accepted, accepted);
      }
      assertEquals(entry.mark(BALLOT), true);
      const marked = { ballot: BALLOT, state: STATES[name] };
      assertEquals(facts(entry), { promised, accepted: marked, copied: false });
      assertEquals(entry.mark(BALLOT), false);
    });
  }

  it("has nothing to mark in a blank register", () => {
    const entry = new HeldRegister(BALLOT, null, false);
    assertEquals([entry.mark(BALLOT), entry.accepted], [false, null]);
  });
});
