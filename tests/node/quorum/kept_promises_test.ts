// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { KeptPromises } from "../../../lib/node/quorum/kept_promises.ts";
import type { KeptPromise } from "../../../lib/paxos/proposer.ts";

/** A promise of the ballot `counter` of life `life`. */
const promise = (counter: number, life = "p") => ({ ballot: { counter, life } }) as KeptPromise;

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
