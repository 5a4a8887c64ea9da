import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { readLine, writeLine } from "./line.ts";
import { VALUES } from "./values.ts";

describe("readLine() and writeLine()", () => {
  for (const [name, value] of Object.entries(VALUES)) {
    it(`carry ${name} in one line`, () => {
      const line = writeLine({ nested: [value] });
      assert(!line.includes("\n"));
      assertEquals(readLine(line), { nested: [value] });
    });
  }

  it("distinguish types with the same text", () => {
    for (const [one, other] of [[1, 1n], [0, -0], ["1", 1], [[1], new Set([1])]]) {
      assert(writeLine(one) !== writeLine(other));
      assert(typeof readLine(writeLine(one)) === typeof one);
    }
    assert(Object.is(readLine(writeLine(-0)), -0));
  });

  it("omit unsupported values", () => {
    assertEquals(readLine(writeLine({ a: undefined, b: 1 })), { b: 1 });
  });
});
