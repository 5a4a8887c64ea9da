import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Unbegun } from "../../lib/singletons/unbegun.ts";
import { turn } from "../support/wait.ts";

const [APPLE, PEAR] = ["s:apple", "s:pear"];

/** Whether `promise` has settled by now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true);
  await turn();
  return settled;
}

describe("Unbegun", () => {
  it("hasOther() tells whether there are calls to other instances, or any calls", () => {
    const unbegun = new Unbegun();
    assertEquals([unbegun.hasOther(APPLE), unbegun.hasOther(APPLE, 5)], [false, false]);
    const settle = unbegun.add(APPLE, 5);
    assertEquals([unbegun.hasOther(APPLE), unbegun.hasOther(APPLE, 5)], [true, false]);
    assertEquals([unbegun.hasOther(APPLE, 6), unbegun.hasOther(PEAR, 6)], [true, false]);
    const later = unbegun.add(APPLE, 6);
    assertEquals([unbegun.hasOther(APPLE, 5), unbegun.hasOther(APPLE, 6)], [true, true]);
    settle();
    assertEquals([unbegun.hasOther(APPLE, 5), unbegun.hasOther(APPLE, 6)], [true, false]);
    later();
    assertEquals([unbegun.hasOther(APPLE), unbegun.hasOther(APPLE, 5)], [false, false]);
  });

  it("hasOther() knows the calls of an instance until both are settled, once or twice", () => {
    const unbegun = new Unbegun();
    const [first, second] = [unbegun.add(APPLE, 5), unbegun.add(APPLE, 5)];
    first();
    first();
    assertEquals(unbegun.hasOther(APPLE), true);
    second();
    assertEquals(unbegun.hasOther(APPLE), false);
    unbegun.add(APPLE, 5);
    second();
    assertEquals(unbegun.hasOther(APPLE), true);
  });

  it("none() waits for all present calls of a register, but not for later ones", async () => {
    const unbegun = new Unbegun();
    await unbegun.none(APPLE);
    const settles = [unbegun.add(APPLE, 5), unbegun.add(APPLE, 6)];
    unbegun.add(PEAR, 5);
    const [first, second] = [unbegun.none(APPLE), unbegun.none(APPLE)];
    settles[0]();
    unbegun.add(APPLE, 6);
    assertEquals([await isSettled(first), await isSettled(second)], [false, false]);
    settles[1]();
    assertEquals([await isSettled(first), await isSettled(second)], [true, true]);
  });
});
