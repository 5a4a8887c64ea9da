import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Executions } from "./executions.ts";

describe("Executions", () => {
  let reported: string[];
  let executions: Executions;

  beforeEach(() => {
    reported = [];
    executions = new Executions((violation) => void reported.push(violation));
  });

  /** The reports after the end. */
  const finish = () => {
    executions.finish();
    return reported;
  };

  it("accepts calls that are executed once, in order, and calls that are not executed", () => {
    const [first, , third] = ["a", "b", "a"].map((caller) => executions.made("k", caller, "calls"));
    executions.made("k", "a", "is never executed");
    for (const call of [1, 3, 2]) {
      executions.sent(call, 7);
      executions.began(call, "k", 7, call, true);
    }
    executions.returned(first, 7);
    executions.returned(third, 7);
    assertEquals(finish(), []);
    assertEquals(executions.size, 3);
  });

  it("began() reports a call that is executed twice, by any instances", () => {
    executions.made("k", "a", "calls");
    executions.began(1, "k", 7, 1, false);
    executions.began(1, "k", 8, 2, false);
    assertEquals(reported, ["a calls (call 1) is executed twice: by @7 at 1, and by @8"]);
  });

  it("began() reports a call of another key, or one that no caller made", () => {
    executions.made("other", "a", "calls");
    executions.began(1, "k", 7, 1, false);
    executions.began(2, "k", 7, 1, false);
    assertEquals(reported, [
      "k @7 executes call 1 of others",
      "k @7 executes call 2 of others",
    ]);
  });

  it("began() reports a call that was sent to other instances only, if all frames are observed", () => {
    for (const caller of ["a", "b"]) executions.made("k", caller, "calls");
    executions.sent(1, 7);
    executions.began(1, "k", 8, 1, true);
    executions.began(2, "k", 8, 2, false);
    assertEquals(reported, ["a calls (call 1) is executed by @8, to which it was not sent"]);
  });

  it("returned() reports a result of another instance than the one that executed it", () => {
    const made = executions.made("k", "a", "calls");
    executions.returned(made, 7);
    executions.began(1, "k", 7, 1, false);
    executions.returned(made, 7);
    executions.returned(made, 8);
    assertEquals(reported, [
      "a calls (call 1) has a result of @7, but was executed by undefined",
      "a calls (call 1) has a result of @8, but was executed by 7",
    ]);
  });

  it("finish() reports a call that was executed although its caller was told that it was not", () => {
    const made = executions.made("k", "a", "calls");
    executions.never(made, "no_host");
    executions.began(1, "k", 7, 1, false);
    assertEquals(finish(), ["a calls (call 1) ended as no_host, but was executed"]);
  });

  it("finish() reports an older instance that executes after a newer one, in true time", () => {
    for (const caller of ["a", "b", "c"]) executions.made("k", caller, "calls");
    executions.began(1, "k", 8, 20, false); // by a machine whose clock is ahead
    executions.began(2, "k", 7, 10, false);
    assertEquals(finish(), []);
    executions.began(3, "k", 7, 30, false);
    assertEquals(finish(), ["k @7 executes call 3 after @8 did"]);
  });

  it("finish() reports calls of one caller that are executed in another order, in true time", () => {
    for (const caller of ["a", "b", "a"]) executions.made("k", caller, "calls");
    executions.began(3, "k", 7, 1, false);
    executions.began(2, "k", 7, 2, false);
    executions.began(1, "k", 7, 3, false);
    assertEquals(finish(), ["a calls (call 1) is executed after a calls (call 3)"]);
  });

  it("finish() accepts calls of an earlier life of a caller after those of a later one, and no others", () => {
    const run = (lives: readonly (string | undefined)[], order: readonly number[]) => {
      const found: string[] = [];
      const executions = new Executions((violation) => void found.push(violation));
      for (const life of lives) {
        const { call } = executions.made("k", "a", "calls");
        executions.sent(call, 7, life);
      }
      order.forEach((call, time) => executions.began(call, "k", 7, time, true));
      executions.finish();
      return found;
    };
    // The first call was held back by the network, while its caller crashed.
    assertEquals(run(["1", "2"], [2, 1]), []);
    const violation = (call: number, before: number) =>
      `a calls (call ${call}) is executed after a calls (call ${before})`;
    assertEquals(run(["1", "1"], [2, 1]), [violation(1, 2)]);
    for (const lives of [[undefined, "2"], ["1", undefined], [undefined, undefined], ["2", "1"]]) {
      assertEquals(run(lives, [2, 1]), [violation(1, 2)]);
    }
    // Executed twice, which is reported as that.
    assertEquals(run(["1"], [1, 1]).filter((text) => text.includes("after")), []);
    // Those of one life keep their order, whatever runs in between.
    assertEquals(run(["1", "2", "2"], [3, 1, 2]), [violation(2, 3)]);
    assertEquals(run(["1", "1", "2"], [2, 3, 1]), [violation(1, 2)]);
  });
});
