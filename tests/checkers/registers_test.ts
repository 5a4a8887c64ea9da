import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { RegisterOperation } from "./put_once_register.ts";
import { checkRegisters, type Recorded } from "./registers.ts";

const put = (on: string, value: string, call: number, end: number): Recorded => {
  const put: RegisterOperation = {
    type: "put",
    value,
    bound: false,
    result: { value },
    call,
    return: end,
  };
  return { ...put, on, label: `w1 puts ${on}` };
};
const read = (on: string, value: string, call: number, end: number): Recorded => {
  const read: RegisterOperation = { type: "read", present: true, value, call, return: end };
  return { ...read, on, label: `w2 reads ${on}` };
};

describe("checkRegisters()", () => {
  it("reports no key with a linearizable history", () => {
    const history = [put("a", "1", 0, 3), put("b", "2", 1, 2), read("b", "2", 4, 5)];
    assertEquals(checkRegisters([...history, read("a", "1", 4, 5)]), []);
    assertEquals(checkRegisters([]), []);
  });

  it("reports each key with another history, and its unexplained operations", () => {
    const good = [put("a", "1", 0, 1), read("a", "1", 2, 3)];
    const bad = [
      put("b", "2", 0, 1),
      read("b", "1", 2, 3),
      put("c", "3", 0, 1),
      put("c", "4", 2, 3),
    ];
    const violations = checkRegisters([...good, ...bad]);
    assertEquals(violations.length, 2);
    assertStringIncludes(violations[0], "b: 2 operations are not linearizable");
    assertStringIncludes(violations[0], "after which it holds 2, and none of these can follow:");
    assertStringIncludes(violations[0], '[2, 3] w2 reads b: read -> {"present":true,"value":"1"}');
    assertStringIncludes(violations[1], "c: 2 operations are not linearizable");
  });
});
