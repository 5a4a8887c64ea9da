import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { show } from "../lib/show.ts";

describe("show()", () => {
  it("describes a value of each type", () => {
    const values: [unknown, string][] = [
      ['a\n"b"', '"a\\n\\"b\\""'],
      ["", '""'],
      [1.5, "1.5"],
      [-0, "0"],
      [NaN, "NaN"],
      [12n, "12n"],
      [true, "true"],
      [null, "null"],
      [undefined, "undefined"],
      [() => {}, "a function"],
      [class {}, "a function"],
      [Symbol("a"), "a symbol"],
      [[], "an array of 0"],
      [[1, [2]], "an array of 2"],
      [{}, "an object (Object)"],
      [new Map(), "an object (Map)"],
      [new (class Point {})(), "an object (Point)"],
      [Object.create(null), "an object (no class)"],
      [{ constructor: undefined }, "an object (no class)"],
    ];
    for (const [value, text] of values) assertEquals(show(value), text);
  });

  it("is short for any string and any list", () => {
    assertEquals(show("x".repeat(1e6)), `"${"x".repeat(80)}"`);
    assert(show("\0".repeat(1e6)).length <= 6 * 80 + 2);
    assertEquals(show(new Array(1e6)), "an array of 1000000");
  });
});
