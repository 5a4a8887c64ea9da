// Runs in Deno alone: pure.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  GENESIS_PATTERN,
  GUEST_PATTERN,
  isSession,
  isSpecId,
  NODE_ID_PATTERN,
  OWNER_PATTERN,
} from "../../lib/codec/names.ts";

const LIFE = "0ABCDEFGHIJKLMNOPQR_";

/** The characters from U+0000 to U+00FF that `pattern` accepts as a name. */
function accepted(pattern: RegExp): string {
  const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  return all.filter((character) => pattern.test(character)).join("");
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

describe("NODE_ID_PATTERN and OWNER_PATTERN", () => {
  it("accept letters, digits and three other characters", () => {
    const characters = `-.0123456789${LETTERS}_${LETTERS.toLowerCase()}`;
    assertEquals(accepted(NODE_ID_PATTERN), characters);
    assertEquals(accepted(OWNER_PATTERN), characters);
  });

  it("accept 1 to 64 characters, and an owner one ~ before them", () => {
    for (const [length, fits] of [[0, false], [1, true], [64, true], [65, false]] as const) {
      const id = "n".repeat(length);
      assertEquals(NODE_ID_PATTERN.test(id), fits);
      assertEquals(OWNER_PATTERN.test(id), fits);
      assertEquals(OWNER_PATTERN.test(`~${id}`), fits);
      assert(!NODE_ID_PATTERN.test(`~${id}`));
      assert(!OWNER_PATTERN.test(`~~${id}`));
    }
  });

  it("do not accept a line break at the end", () => {
    for (const pattern of [NODE_ID_PATTERN, OWNER_PATTERN, GENESIS_PATTERN]) {
      assert(!pattern.test("n\n"));
    }
  });
});

describe("GUEST_PATTERN", () => {
  it("accepts ~id/life", () => {
    assert(GUEST_PATTERN.test(`~x/${LIFE}`));
    assert(GUEST_PATTERN.test(`~${"x".repeat(64)}/${LIFE}`));
    const wrong = [`x/${LIFE}`, `~/${LIFE}`, `~x/${LIFE}/1`, `~x/${LIFE.slice(1)}`, `~x/${LIFE}x`];
    for (const name of [...wrong, `~a/b/${LIFE}`, `~x/${LIFE.replace("_", "/")}`]) {
      assert(!GUEST_PATTERN.test(name), name);
    }
  });
});

describe("isSession()", () => {
  it("accepts owner/life/sequence, the sequence without leading zeros", () => {
    for (const sequence of ["0", "1", "10", "999999999999999"]) {
      assert(isSession(`w1/${LIFE}/${sequence}`));
      assert(isSession(`~x/${LIFE}/${sequence}`));
    }
    for (const sequence of ["", "00", "01", "-1", "1.5", "1e3", "1000000000000000", "1\n", "٣"]) {
      assert(!isSession(`w1/${LIFE}/${sequence}`), sequence);
    }
  });

  it("refuses other owners and lives, and what is no string", () => {
    const names = [
      `/${LIFE}/1`,
      `a/b/${LIFE}/1`,
      `~/${LIFE}/1`,
      `w1/${LIFE}x/1`,
      `w1//1`,
      "",
      LIFE,
    ];
    for (const name of [...names, null, 1, [`w1/${LIFE}/1`], undefined]) {
      assert(!isSession(name), String(name));
    }
  });
});

describe("isSpecId()", () => {
  it("accepts 1 to 200 code units that are well-formed", () => {
    for (const id of ["a", "é", "😀", "x".repeat(200), "😀".repeat(100), "\0"]) {
      assert(isSpecId(id));
    }
    for (const id of ["", "x".repeat(201), "\ud800", "a\udc00", null, 1, ["a"]]) {
      assert(!isSpecId(id));
    }
  });
});

describe("GENESIS_PATTERN", () => {
  it("accepts 1 to 64 printable ASCII characters without spaces", () => {
    const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("");
    assertEquals(accepted(GENESIS_PATTERN), printable);
    assert(GENESIS_PATTERN.test("x".repeat(64)));
    assert(!GENESIS_PATTERN.test("x".repeat(65)));
    assert(!GENESIS_PATTERN.test(""));
  });
});
