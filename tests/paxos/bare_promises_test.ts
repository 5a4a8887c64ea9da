import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { BarePromises, PROMISE_TTL } from "../../lib/paxos/bare_promises.ts";

describe("BarePromises", () => {
  it("gives up promises that are as old as the longest round trip allows, and no younger ones", () => {
    const promises = new BarePromises();
    promises.note("a", 0);
    promises.note("b", 10);
    assertEquals(promises.takeOld(PROMISE_TTL - 1), []);
    assertEquals(promises.takeOld(PROMISE_TTL), ["a"]);
    assertEquals(promises.takeOld(PROMISE_TTL + 9), []);
    assertEquals(promises.takeOld(PROMISE_TTL + 10), ["b"]);
    assertEquals(promises.takeOld(10 * PROMISE_TTL), []);
  });

  it("counts from the latest promise of a register", () => {
    const promises = new BarePromises();
    promises.note("a", 0);
    promises.note("b", 5);
    promises.note("a", 10);
    assertEquals(promises.takeOld(PROMISE_TTL + 9), ["b"]);
    assertEquals(promises.takeOld(PROMISE_TTL + 10), ["a"]);
  });

  it("keeps none whose register has a state", () => {
    const promises = new BarePromises();
    promises.note("a", 0);
    promises.delete("a");
    assertEquals(promises.takeOld(10 * PROMISE_TTL), []);
  });

  it("finds those that came after it had none", () => {
    const promises = new BarePromises();
    assertEquals(promises.takeOld(0), []);
    promises.note("a", 1);
    assertEquals(promises.takeOld(PROMISE_TTL), []);
    assertEquals(promises.takeOld(PROMISE_TTL + 1), ["a"]);
  });

  it("gives up 1,000 at once, in the order of their promises", () => {
    const promises = new BarePromises();
    const names = Array.from({ length: 2_500 }, (_, index) => `${index}`);
    for (const name of names) promises.note(name, 0);
    const taken = [1, 2, 3, 4].map(() => promises.takeOld(PROMISE_TTL));
    assertEquals(taken.map(({ length }) => length), [1_000, 1_000, 500, 0]);
    assertEquals(taken.flat(), names);
  });
});
