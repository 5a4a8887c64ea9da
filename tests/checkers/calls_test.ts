import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { checkCalls, type Execution, type MadeCall } from "./calls.ts";

const call = (id: string, outcome: MadeCall["outcome"]): MadeCall => ({ id, on: "k", outcome });
const ran = (id: string, token: number, order: number): Execution => ({
  id,
  on: "k",
  token,
  order,
});

describe("checkCalls()", () => {
  it("accepts calls that ran once, in two instances, and unknown ones that ran or did not", () => {
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

  const bad: Record<string, [MadeCall[], Execution[], string]> = {
    "one that ran twice in one instance": [
      [call("a", { token: 5, order: 1 })],
      [ran("a", 5, 1), ran("a", 5, 2)],
      "a was executed by call 1 of k @5 and by call 2 of k @5",
    ],
    "one that ran in two instances": [
      [call("a", "unknown")],
      [ran("a", 5, 1), ran("a", 9, 1)],
      "a was executed by call 1 of k @5 and by call 1 of k @9",
    ],
    "one that returned, but never ran": [
      [call("a", { token: 5, order: 1 })],
      [],
      "a returned from call 1 of k @5, but was executed by nobody",
    ],
    "one that returned what another one did": [
      [call("a", { token: 5, order: 2 }), call("b", "unknown")],
      [ran("a", 5, 1), ran("b", 5, 2)],
      "a returned from call 2 of k @5, but was executed by call 1 of k @5",
    ],
    "one that ran, though its caller was told that it never would": [
      [call("a", "never")],
      [ran("a", 5, 1)],
      "a was executed by call 1 of k @5, but its caller was told it never was",
    ],
    "one that nobody made": [
      [],
      [ran("a", 5, 1)],
      "call 1 of k @5 executes a, which nobody called",
    ],
    "one that ran under another key": [
      [{ ...call("a", "unknown"), on: "other" }],
      [ran("a", 5, 1)],
      "call 1 of k @5 executes a, which nobody called",
    ],
    "an instance that forgot a call": [
      [call("a", "unknown"), call("b", "unknown")],
      [ran("a", 5, 1), ran("b", 5, 1)],
      "call 1 of k @5 should be call 2",
    ],
  };
  for (const [name, [calls, executions, violation]] of Object.entries(bad)) {
    it(`reports ${name}`, () => {
      const violations = checkCalls(calls, executions);
      assertEquals(violations.includes(violation), true, violations.join("\n"));
    });
  }
});
