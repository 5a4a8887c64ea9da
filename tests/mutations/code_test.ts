import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { placesOf, rename, renamedPlacesOf, replaceOnce } from "./code.ts";

const CODE = "if (left.has(name, 1)) return [left, this.#queue];";

/** The same code, as a formatter may write it in a deeper block. */
const BROKEN_UP = `
    if (
      left.has(
        name, // its key
        1,
      )
    ) {
      return [
        /* both */ left,
        this.#queue,
      ];
    }
`.replace("{\n      return", "return").replace("}\n", "");

describe("placesOf()", () => {
  it("finds code as it is written", () => {
    assertEquals(placesOf(`a;\n${CODE}\nb;`, CODE), [{ start: 3, end: 3 + CODE.length }]);
  });

  it("finds code in other lines, with commas before brackets and with comments", () => {
    assertEquals(placesOf(BROKEN_UP, CODE).length, 1);
  });

  it("finds code in one line that a mutation has in several", () => {
    assertEquals(placesOf(CODE, BROKEN_UP).length, 1);
  });

  it("finds each place", () => {
    assertEquals(placesOf("f(a); f( a ); f(\n  a,\n);", "f(a)").map(({ start }) => start), [
      0,
      6,
      14,
    ]);
  });

  for (
    const [what, text, code] of [
      ["the beginning of a word", "limits = 1;", "limit"],
      ["the end of a word", "this.#limit = 1;", "limit = 1;"],
      ["the beginning of a number", "ttl * 0.75", "ttl * 0.7"],
      ["two words that are one in the source", "returnvalue;", "return value;"],
      ["one word that is two in the source", "return value;", "returnvalue;"],
      ["code without one of its tokens", "if (a) return;", "if (!a) return;"],
      ["code with another order", "f(b, a)", "f(a, b)"],
      ["code that is commented out in part", "a(); // b();", "a(); b();"],
      ["white space alone", "a b", " \n"],
    ]
  ) {
    it(`does not find ${what}`, () => {
      assertEquals(placesOf(text, code), []);
    });
  }

  it("takes characters that have a meaning in expressions as they are", () => {
    const code = "a?.b[0] ?? (c | d) ** e ^ /f+$/.test(`${g}\\n`)";
    assertEquals(placesOf(code, code).length, 1);
    assertEquals(placesOf("ab", "a.b"), []);
  });
});

describe("renamedPlacesOf()", () => {
  const found = (text: string, code: string) =>
    renamedPlacesOf(text, code).map(({ names }) => Object.fromEntries(names));

  it("finds code in which names differ, each in one way", () => {
    assertEquals(
      found("if (rest.has(name, 1)) return [rest, this.#queue];", CODE),
      [{ left: "rest" }],
    );
    assertEquals(found("if (left.has(name, 1)) return [left, this.#line];", CODE), [
      { "#queue": "#line" },
    ]);
  });

  it("does not find code in which one name differs in two ways", () => {
    assertEquals(found("if (rest.has(name, 1)) return [other, this.#queue];", CODE), []);
  });

  it("does not find code in which more than half of the names differ", () => {
    assertEquals(found("if (rest.is(key, 1)) return [rest, this.#line];", CODE), []);
  });

  it("does not find code with other keywords, numbers or strings", () => {
    assertEquals(found("if (rest.has(name, 2)) return [rest, this.#queue];", CODE), []);
    assertEquals(found('f(this, "no", a);', 'f(that, "yes", a);'), []);
    assertEquals(found("f(null, a);", "f(nothing, a);"), []);
  });

  it("prefers the places with the fewest other names", () => {
    assertEquals(found("f(a, x, y); f(a, b, y);", "f(a, b, c);"), [{ c: "y" }]);
    assertEquals(found("f(a, b, x); f(a, b, y);", "f(a, b, c);"), [{ c: "x" }, { c: "y" }]);
  });
});

describe("rename()", () => {
  it("renames whole words only", () => {
    const names = new Map([["a", "b"], ["#c", "#d"]]);
    assertEquals(rename("a(ab, this.#c, c, a);", names), "b(ab, this.#d, c, b);");
  });
});

describe("replaceOnce()", () => {
  it("replaces all of the code, in other lines, too", () => {
    assertEquals(replaceOnce("x;\nf(\n  a,\n);\ny;", "f(a);", "g();"), "x;\ng();\ny;");
  });

  it("takes a dollar sign in the replacement as it is", () => {
    assertEquals(replaceOnce("a b", "a", "$&$1"), "$&$1 b");
  });

  it("refuses code that is not there once, and a change of the format alone", () => {
    assertThrows(() => replaceOnce("a", "b", "c"), Error, "its code occurs 0 times, not once");
    assertThrows(() => replaceOnce("a a", "a", "c"), Error, "its code occurs 2 times, not once");
    assertThrows(() => replaceOnce("f(a)", "f(a)", "f( a )"), Error, "it changes nothing");
  });
});
