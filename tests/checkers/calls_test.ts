import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { checkCalls, type Execution, type MadeCall } from "./calls.ts";

const call = (id: string, outcome: MadeCall["outcome"], caller = id): MadeCall => ({
  id,
  on: "k",
  caller,
  outcome,
});

const ran = (id: string, token: number, order: number, time = 10 * token + order): Execution => ({
  id,
  on: "k",
  token,
  order,
  time,
});

describe("checkCalls()", () => {
  it("accepts calls that ran once, in two instances, and unknown calls that ran or did not", () => {
    const calls = [
      call("a", { token: 5, order: 1 }),
      call("b", "unknown"),
      call("c", { token: 5, order: 3 }),
      call("d", "unknown"),
      call("e", "never"),
      call("f", { token: 9, order: 1 }),
    ];
    const executions = [ran("a", 5, 1), ran("b", 5, 2), ran("f", 9, 1), ran("c", 5, 3)];
    assertEquals(checkCalls(calls, executions), []);
    assertEquals(checkCalls([], []), []);
  });

  const bad: Record<string, [MadeCall[], Execution[], RegExp]> = {
    "one that ran twice in one instance": [
      [call("a", { token: 5, order: 1 })],
      [ran("a", 5, 1), ran("a", 5, 2)],
      /^a calls a \(call 1\) is executed twice: by @5 at 51, and by @5$/,
    ],
    "one that ran in two instances": [
      [call("a", "unknown")],
      [ran("a", 5, 1), ran("a", 9, 1)],
      /^a calls a \(call 1\) is executed twice: by @5 at 51, and by @9$/,
    ],
    "one that returned, but never ran": [
      [call("a", { token: 5, order: 1 })],
      [],
      /has a result of @5, but was executed by undefined$/,
    ],
    "one that returned from another instance than the one where it ran": [
      [call("a", { token: 5, order: 1 })],
      [ran("a", 9, 1)],
      /has a result of @5, but was executed by 9$/,
    ],
    "one that returned the result of another": [
      [call("a", { token: 5, order: 2 }), call("b", "unknown")],
      [ran("a", 5, 1), ran("b", 5, 2)],
      /^a calls a \(call 1\) was told that it was number 2, but it was 1$/,
    ],
    "one that ran although its error says that it never did": [
      [call("a", "never")],
      [ran("a", 5, 1)],
      /ended as what never started, but was executed$/,
    ],
    "one that no caller made": [[], [ran("a", 5, 1)], /^k @5 executes call 0 of others$/],
    "one that ran under another key": [
      [{ ...call("a", "unknown"), on: "other" }],
      [ran("a", 5, 1)],
      /^k @5 executes call 1 of others$/,
    ],
    "an instance that forgot a call": [
      [call("a", "unknown"), call("b", "unknown")],
      [ran("a", 5, 1), ran("b", 5, 1)],
      /^k @5 counts 1, but it is 2$/,
    ],
    "calls of one caller that ran in another order": [
      [call("a", "unknown", "m1"), call("b", "unknown", "m1")],
      [ran("b", 5, 1), ran("a", 5, 2)],
      /^m1 calls a \(call 1\) is executed after m1 calls b/,
    ],
    "an instance that runs a call after a later one did": [
      [call("a", "unknown"), call("b", "unknown")],
      [ran("b", 9, 1, 50), ran("a", 5, 1, 60)],
      /^k @5 executes call 1 after @9 did$/,
    ],
  };
  for (const [name, [calls, executions, violation]] of Object.entries(bad)) {
    it(`reports ${name}`, () => {
      const violations = checkCalls(calls, executions);
      assertEquals(violations.some((one) => violation.test(one)), true, violations.join("\n"));
    });
  }
});
