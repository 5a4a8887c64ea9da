import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { preview } from "../../lib/inspector/preview.ts";

describe("preview()", () => {
  it("shows every kind of value as a text", () => {
    const shown = [
      ["text", '"text"'],
      ["\ud800<b>", '"\\ud800<b>"'],
      [7, "7"],
      [0.004, "0.004"],
      [1e307, "1e+307"],
      [12n, "12n"],
      [null, "null"],
      [true, "true"],
      [new Uint8Array(3), "<3 bytes>"],
      [new Date(0), "<1970-01-01T00:00:00.000Z>"],
      [new Date(NaN), "<no date>"],
      [[1, ["a"]], '[1, ["a"]]'],
      [{ a: 1, b: [2] }, '{"a": 1, "b": [2]}'],
      [new Map([[1, "a"]]), 'Map {1: "a"}'],
      [new Set([1, 2]), "Set {1, 2}"],
    ] as const;
    for (const [value, text] of shown) assertEquals(preview(value), text);
  });

  it("is bounded, whatever the value is", () => {
    const wide = Array.from({ length: 100_000 }, (_, index) => index);
    let deep: unknown = 1;
    for (let i = 0; i < 1_000; i++) deep = [deep];
    for (const value of ["x".repeat(1e6), wide, deep, { a: wide, b: wide }, [wide, wide]]) {
      assert(preview(value).length <= 201);
    }
    assertEquals(preview("abcdefghij", 5), '"abcd…');
    assertEquals(preview(deep), "[[[[…]]]]");
  });
});
