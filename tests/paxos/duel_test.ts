// Runs in Deno alone: pure.

import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { append, look, setOnce } from "./support/changes.ts";
import { Duel } from "./support/duel.ts";
import type { Duelist } from "./support/duelist.ts";

/** Appends its letter, once. */
const appends = (life: string, attempts: number): Duelist => ({
  life,
  change: append(life),
  attempts,
});
/** Sets the register to its letter, if it is absent. */
const sets = (life: string, attempts: number): Duelist => ({
  life,
  change: setOnce(life),
  attempts,
});
/** Reads by a proposal, which writes if necessary. */
const looks = (life: string, attempts: number): Duelist => ({ life, change: look, attempts });
/** Reads without ever writing. */
const reads = (life: string): Duelist => ({ life, attempts: 1 });

/**
 * Visits every state of the duel: at least `atLeast` of them (otherwise some were left out), and exactly these
 * outcomes. `p pq` means that p is done and the register holds "pq" for it; `?` means not done, for lack of
 * attempts or of a sure answer, and `-` means done with an absent register.
 */
function explore(
  members: string[],
  duelists: Duelist[],
  atLeast: number,
  endings: string[],
): void {
  const found = new Duel(members, duelists).explore();
  assertEquals([...found.endings].sort(), endings.toSorted());
  assert(found.states >= atLeast, `${found.states} states`);
}

describe("Duels: every order of messages, which may be late, duplicated or lost", () => {
  it("one member: two proposers with two attempts each, and a reader", () => {
    const found = new Duel(["a"], [appends("p", 2), appends("q", 2), reads("r")]).explore();
    assert(found.states > 15_000, `${found.states} states`);
    // Duelists that are both done agree; the reader is always sure of a state on the way there.
    const chains = [...found.endings].map((ending) => ending.replace(/[?-]/g, ""));
    for (const chain of chains) {
      const texts = chain.split(", ").map((text) => text.slice(2)).filter((text) => text !== "");
      texts.sort((a, b) => a.length - b.length);
      for (const text of texts) assert(texts.at(-1)!.startsWith(text), chain);
    }
  });

  it("two members: two proposers with two attempts each", () => {
    explore(["a", "b"], [appends("p", 2), appends("q", 2)], 10_000, [
      "p ?, q ?",
      "p ?, q pq",
      "p ?, q q",
      "p ?, q qp",
      "p p, q ?",
      "p p, q pq",
      "p pq, q ?",
      "p pq, q pq",
      "p qp, q ?",
      "p qp, q q",
      "p qp, q qp",
    ]);
  });

  it("two members: two proposers and a reader", () => {
    explore(["a", "b"], [appends("p", 1), appends("q", 1), reads("r")], 5_000, [
      "p ?, q ?, r -",
      "p ?, q ?, r ?",
      "p ?, q q, r -",
      "p ?, q q, r ?",
      "p ?, q q, r q",
      "p p, q ?, r -",
      "p p, q ?, r ?",
      "p p, q ?, r p",
    ]);
  });

  it("three members: two proposers with one attempt each", () => {
    explore(["a", "b", "c"], [appends("p", 1), appends("q", 1)], 1_000, [
      "p ?, q ?",
      "p ?, q q",
      "p p, q ?",
    ]);
  });

  it("three members: one proposer tries again", () => {
    explore(["a", "b", "c"], [appends("p", 2), appends("q", 1)], 30_000, [
      "p p, q ?",
      "p qp, q ?",
      "p qp, q q",
    ]);
  });

  it("three members: a register that is set once has one value for all duelists", () => {
    explore(["a", "b", "c"], [sets("p", 2), sets("q", 1)], 20_000, [
      "p p, q ?",
      "p q, q ?",
      "p q, q q",
    ]);
  });

  it("three members: a proposer without a change reports what is chosen, or has it chosen", () => {
    explore(["a", "b", "c"], [looks("p", 2), appends("q", 1)], 5_000, [
      "p -, q ?",
      "p -, q q",
      "p q, q ?",
      "p q, q q",
    ]);
  });

  it("three members: a reader beside a writer is sure of what is chosen, or not sure", () => {
    explore(["a", "b", "c"], [appends("p", 1), reads("r")], 3_000, [
      "p p, r -",
      "p p, r ?",
      "p p, r p",
    ]);
  });
});
