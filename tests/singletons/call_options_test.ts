// Runs in Deno alone: pure.
import { assert, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkCall } from "../../lib/singletons/call_options.ts";

const { signal } = new AbortController();

describe("checkCall()", () => {
  it("takes a method, a list of arguments, and limits", () => {
    for (const method of ["inc", "é", "😀", "m".repeat(64), "constructorOf"]) {
      checkCall(method, [], {});
    }
    checkCall("inc", [1, undefined, {}], { timeout: 0, signal });
    for (const timeout of [undefined, 1.5, Infinity]) checkCall("inc", [], { timeout });
  });

  const wrong: [method: unknown, args: unknown, options: unknown, why: string][] = [
    ["", [], {}, '"" cannot be the name of a method'],
    ["then", [], {}, '"then" cannot be the name of a method'],
    ["\ud800", [], {}, "cannot be the name of a method"],
    ["m".repeat(10_000), [], {}, "cannot be the name of a method"],
    [5, [], {}, "5 cannot be the name of a method"],
    [Symbol("inc"), [], {}, "a symbol cannot be the name of a method"],
    ["inc", null, {}, "args must be a list, received null"],
    ["inc", { length: 0 }, {}, "args must be a list, received an object (Object)"],
    ["inc", [], null, "options must be an object, received null"],
    ["inc", [], 5, "options must be an object, received 5"],
    ["inc", [], { timeOut: 5 }, "unknown option timeOut; did you mean timeout?"],
    [
      "inc",
      [],
      { timeout: -1 },
      "timeout must be a number of milliseconds, not negative, received -1",
    ],
    [
      "inc",
      [],
      { timeout: "5" },
      'timeout must be a number of milliseconds, not negative, received "5"',
    ],
    ["inc", [], { timeout: NaN }, "received NaN"],
    ["inc", [], { signal: {} }, "signal must be an AbortSignal, received an object (Object)"],
  ];
  for (const [method, args, options, why] of wrong) {
    it(`refuses with ${JSON.stringify(why)}`, () => {
      const { message } = assertThrows(
        () => checkCall(method, args, options as object),
        TypeError,
        why,
      );
      assert(message.startsWith("call: ") && message.length < 700, message);
    });
  }
});
