import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Explanation, LockParty } from "../../mod.ts";
import { textOf } from "../../lib/locks/explanation_text.ts";

const party = (node: string, since: number | null, label: string | null): LockParty => ({
  ...{ node, pid: { node, session: node, seq: 7 }, mode: "exclusive", permits: null, since, label },
});

const FREE: Omit<Explanation, "text"> = {
  ...{ key: "k", at: 10_000, state: "free", reason: null, holders: [], waiters: [], waiting: 0 },
  ...{ freedBy: null, latest: null, deadlock: null },
};

describe("the text of an explanation", () => {
  it("says that a lock is free", () => {
    assertEquals(textOf(FREE), 'The lock "k" is free.');
  });

  it("names all that is known", () => {
    const holder = { ...party("a", 8_500, "job"), token: 5, remaining: 900, waitsFor: ["other"] };
    const owner = party("a", null, null);
    const text = textOf({
      ...{ ...FREE, state: "held", holders: [holder], waiters: [party("b", 9_000, null)] },
      ...{ waiting: 1, freedBy: "Node a releases it", latest: 10_900 },
      deadlock: { certain: true, cycle: [{ key: "k", owner }, { key: "other", owner }] },
    });
    assertEquals(text.split(/(?<=\.) /), [
      'The lock "k" is held by a, process 7 ("job"), asked 1.5 s ago, exclusive, token 5.',
      'That process of a waits for "other".',
      "One request waits: 1.",
      "b, process 7, asked 1.0 s ago.",
      'DEADLOCK: a holds "k" and waits for "other"; a holds "other" and waits for "k".',
      "None of them will go on.",
      "Node a releases it.",
      "If its owner's node is gone, others can have it 0.9 s from now at the latest.",
    ]);
  });
});
