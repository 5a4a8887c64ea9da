// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LinkedList } from "../../../lib/node/runtime/linked_list.ts";
import { lateness, type Limits, Operation } from "../../../lib/node/runtime/operation.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

const late = () => new Error("late");

/** An operation with these limits, which has a deadline after 100 ms unless they have another. */
function begin(limits: Partial<Limits> = {}) {
  const time = new VirtualTime();
  const all = new LinkedList<Operation<unknown>>();
  const operation = new Operation<string>(time.runtime, { deadline: 100, ...limits }, all, late);
  const ends: string[] = [];
  operation.onEnd(() => ends.push("end"));
  const outcome = operation.promise.catch((error) => error);
  return { time, all, operation, ends, outcome };
}

describe("Operation", () => {
  it("ends with a value, once, and cleans up", async () => {
    const { time, all, operation, ends, outcome } = begin();
    assertEquals([all.size, operation.ended, ends, time.timers], [1, false, [], 1]);
    operation.resolve("value");
    operation.resolve("another");
    operation.reject(new Error("an error"));
    assertEquals([all.size, operation.ended, ends, time.timers], [0, true, ["end"], 0]);
    assertEquals(await outcome, "value");
  });

  it("ends with an error, once", async () => {
    const { all, operation, ends, outcome } = begin();
    const error = new Error("an error");
    operation.reject(error);
    operation.resolve("value");
    assertEquals([all.size, ends], [0, ["end"]]);
    assertStrictEquals(await outcome, error);
  });

  it("ends at its deadline, and not before", async () => {
    const { time, operation, outcome } = begin();
    await time.pass(99.9);
    assertEquals(operation.ended, false);
    await time.pass(0.1);
    assertEquals(await outcome, late());
  });

  it("ends at its deadline with the error of the caller's own time limit", async () => {
    const { time, outcome } = begin({ late: () => new Error("TimeoutError") });
    await time.pass(100);
    assertEquals(await outcome, new Error("TimeoutError"));
  });

  it("ends with that error if any other comes after the deadline, but with a value as well", async () => {
    const own = { late: () => new Error("TimeoutError") };
    const [slow, valued, early, usual] = [begin(own), begin(own), begin(own), begin()];
    // The process was busy, so that the timer has not fired yet.
    for (const { time } of [slow, valued, usual]) time.stall(200);
    for (const { operation } of [slow, early, usual]) operation.reject(new Error("another"));
    valued.operation.resolve("value");
    assertEquals(await slow.outcome, new Error("TimeoutError"));
    assertEquals(await valued.outcome, "value");
    assertEquals(await early.outcome, new Error("another"));
    assertEquals(await usual.outcome, new Error("another"));
  });

  it("has no timer without a deadline", () => {
    const { time, operation } = begin({ deadline: Infinity });
    assertEquals(time.timers, 0);
    operation.resolve("value");
  });

  for (const name of ["signal", "owner", "needed"] as const) {
    it(`ends with the reason of ${name}`, async () => {
      const aborter = new AbortController();
      const { all, time, outcome } = begin({ [name]: aborter.signal });
      aborter.abort("enough");
      assertEquals(await outcome, "enough");
      assertEquals([all.size, time.timers], [0, 0]);
    });

    it(`has ended from the start if ${name} has aborted`, async () => {
      const { all, time, operation, ends, outcome } = begin({
        [name]: AbortSignal.abort("enough"),
      });
      assertEquals([operation.ended, ends, all.size, time.timers], [true, ["end"], 0, 0]);
      assertEquals(await outcome, "enough");
    });
  }

  it("rejects nothing but its promise when a signal aborts after its end", async () => {
    const aborter = new AbortController();
    const { operation } = begin({ signal: aborter.signal });
    operation.resolve("value");
    aborter.abort("enough");
    assertEquals(await operation.promise, "value");
  });
});

describe("lateness()", () => {
  it("is the error of the caller's own time limit once that has passed", () => {
    assertEquals(lateness({ deadline: 5, late }, 4.9), undefined);
    assertEquals(lateness({ deadline: 5, late }, 5), late());
    assertEquals(lateness({ deadline: 5 }, 6), undefined);
  });
});
