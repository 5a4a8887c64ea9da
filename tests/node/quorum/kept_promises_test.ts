// Runs in Deno alone: pure.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { KeptPromises, usable } from "../../../lib/node/quorum/kept_promises.ts";
import { type Ballot, LamportClock } from "../../../lib/paxos/ballot.ts";
import type { StoredRegister } from "../../../lib/paxos/messages.ts";
import type { KeptPromise } from "../../../lib/paxos/proposer.ts";

/** A promise of the ballot `counter` of life `life`. */
const promise = (counter: number, life = "p") => ({ ballot: { counter, life } }) as KeptPromise;

const at = (counter: number, life: string): Ballot => ({ counter, life });

function held(promised: Ballot, accepted: Ballot | null): StoredRegister {
  const state = { present: false, token: 1 } as const;
  return {
    register: "k",
    promised,
    copied: false,
    accepted: accepted && { ballot: accepted, state },
  };
}

describe("KeptPromises (section 3)", () => {
  it("gives each promise once", () => {
    const kept = new KeptPromises();
    kept.put("k1", promise(5));
    assertEquals([kept.take("k2"), kept.take("k1"), kept.take("k1")], [
      undefined,
      promise(5),
      undefined,
    ]);
  });

  it("keeps the latest promise of a register", () => {
    const kept = new KeptPromises();
    kept.put("k1", promise(5));
    kept.put("k1", promise(4));
    assertEquals(kept.take("k1"), promise(4));
  });

  it("keeps what is handed on to the present life, of a register that it watches, until it forgets all", () => {
    const kept = new KeptPromises();
    const state = { present: false, token: 6 } as const;
    const hand = (register: string, life: string, counter: number) =>
      kept.learned(register, { ballot: at(counter, "q"), state, heir: "p" }, life);
    hand("k1", "p", 6);
    assertEquals(kept.take("k1"), undefined);
    const leave = kept.inherit("k1", new LamportClock());
    hand("k1", "o", 7);
    hand("k2", "p", 7);
    assertEquals([kept.take("k1"), kept.take("k2"), kept.hasInherited("k1")], [
      undefined,
      undefined,
      false,
    ]);
    hand("k1", "p", 8);
    assertEquals([kept.take("k1")?.ballot, kept.take("k1")], [at(9, "p"), undefined]);
    assertEquals(kept.hasInherited("k1"), true);
    kept.sends("k1", { type: "prepare", register: "k1", ballot: at(12, "p") });
    hand("k1", "p", 11);
    assertEquals(kept.take("k1"), undefined);
    hand("k1", "p", 12);
    kept.clear();
    assertEquals(kept.take("k1"), undefined);
    // Another caller that begins later shares what is known.
    const later = new LamportClock();
    later.observe(40);
    const end = kept.inherit("k1", later);
    leave();
    hand("k1", "p", 19);
    assertEquals(kept.take("k1")?.ballot, at(20, "p"));
    end();
    hand("k1", "p", 20);
    assertEquals([kept.take("k1"), kept.hasInherited("k1")], [undefined, false]);
  });

  it("keeps a promise of its own above one that is handed on", () => {
    const kept = new KeptPromises();
    const state = { present: false, token: 6 } as const;
    kept.inherit("k1", new LamportClock());
    kept.put("k1", promise(9));
    kept.learned("k1", { ballot: at(6, "q"), state, heir: "p" }, "p");
    assertEquals(kept.take("k1"), promise(9));
  });

  it("drops a promise once a state is chosen at its ballot or above, for its register alone", () => {
    const left = ([[4, "q"], [5, "o"], [5, "p"], [5, "q"], [6, "a"]] as const)
      .map(([counter, life]) => {
        const kept = new KeptPromises();
        kept.put("k1", promise(5));
        kept.put("k2", promise(5));
        kept.outdated("k1", { counter, life });
        return [kept.take("k1") !== undefined, kept.take("k2") !== undefined];
      });
    assertEquals(left, [[true, true], [true, true], [false, true], [false, true], [false, true]]);
  });

  it("keeps at most 10,000, the latest ones", () => {
    const kept = new KeptPromises();
    for (let i = 0; i <= 10_000; i++) kept.put(`k${i}`, promise(i));
    assertEquals([kept.take("k0"), kept.take("k1"), kept.take("k10000")], [
      undefined,
      promise(1),
      promise(10_000),
    ]);
  });

  it("forgets all", () => {
    const kept = new KeptPromises();
    kept.put("k1", promise(1));
    kept.clear();
    assertEquals(kept.take("k1"), undefined);
  });
});

describe("KeptPromises: rivals", () => {
  it("remembers when a promise for a register was refused last", () => {
    const kept = new KeptPromises();
    assertEquals(kept.sinceRefused("k1", 50), Infinity);
    kept.refused("k1", 40);
    assertEquals([kept.sinceRefused("k1", 50), kept.sinceRefused("k2", 50)], [10, Infinity]);
  });
});

describe("usable()", () => {
  const kept = { ballot: at(5, "A"), state: { present: false, token: 4 } } as const;

  it("is a kept promise that its member still holds, or that it knows nothing about", () => {
    assertStrictEquals(usable(kept, "A", held(at(5, "A"), at(4, "A"))), kept);
    assertStrictEquals(usable(kept, "A", undefined), kept);
  });

  it("is none of another life, and none below what its member promised since", () => {
    assertEquals(usable(undefined, "A", undefined), undefined);
    assertEquals(usable(kept, "B", undefined), undefined);
    assertEquals(usable(kept, "A", held(at(5, "B"), at(4, "A"))), undefined);
  });
});
