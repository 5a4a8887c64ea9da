import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UnstartedCalls } from "../../lib/singletons/unstarted_calls.ts";
import { turn } from "../support/wait.ts";

const [APPLE, PEAR] = ["s:apple", "s:pear"];

/** Whether `promise` has settled by now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true);
  await turn();
  return settled;
}

describe("UnstartedCalls", () => {
  it("hasOther() tells whether there are calls to other instances, or any calls", () => {
    const unstarted = new UnstartedCalls();
    assertEquals([unstarted.hasOther(APPLE), unstarted.hasOther(APPLE, 5)], [false, false]);
    const settle = unstarted.add(APPLE, 5);
    assertEquals([unstarted.hasOther(APPLE), unstarted.hasOther(APPLE, 5)], [true, false]);
    assertEquals([unstarted.hasOther(APPLE, 6), unstarted.hasOther(PEAR, 6)], [true, false]);
    const later = unstarted.add(APPLE, 6);
    assertEquals([unstarted.hasOther(APPLE, 5), unstarted.hasOther(APPLE, 6)], [true, true]);
    settle();
    assertEquals([unstarted.hasOther(APPLE, 5), unstarted.hasOther(APPLE, 6)], [true, false]);
    later();
    assertEquals([unstarted.hasOther(APPLE), unstarted.hasOther(APPLE, 5)], [false, false]);
  });

  it("hasOther() knows the calls of an instance until both are settled, once or twice", () => {
    const unstarted = new UnstartedCalls();
    const [first, second] = [unstarted.add(APPLE, 5), unstarted.add(APPLE, 5)];
    first();
    first();
    assertEquals(unstarted.hasOther(APPLE), true);
    second();
    assertEquals(unstarted.hasOther(APPLE), false);
    unstarted.add(APPLE, 5);
    second();
    assertEquals(unstarted.hasOther(APPLE), true);
  });

  it("none() waits for all present calls of a register, but not for later ones", async () => {
    const unstarted = new UnstartedCalls();
    await unstarted.none(APPLE);
    const settles = [unstarted.add(APPLE, 5), unstarted.add(APPLE, 6)];
    unstarted.add(PEAR, 5);
    const [first, second] = [unstarted.none(APPLE), unstarted.none(APPLE)];
    settles[0]();
    unstarted.add(APPLE, 6);
    assertEquals([await isSettled(first), await isSettled(second)], [false, false]);
    settles[1]();
    assertEquals([await isSettled(first), await isSettled(second)], [true, true]);
  });
});
