// Runs in Deno alone: pure.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bare, byNumber, registerBytes } from "../../lib/codec/message_kind.ts";
import { FieldReader } from "../../lib/codec/field_reader.ts";
import { FieldWriter } from "../../lib/codec/field_writer.ts";

describe("byNumber()", () => {
  it("finds each kind by its number, and nothing under any other", () => {
    const kinds = { a: { number: 2 }, b: { number: 0 } };
    const table = byNumber(kinds);
    assertStrictEquals(table[0], kinds.b);
    assertStrictEquals(table[2], kinds.a);
    for (const number of [1, 3, -1]) assertStrictEquals(table[number], undefined);
  });

  it("throws if two kinds have the same number, and names it", () => {
    const kinds = { a: { number: 4 }, b: { number: 1 }, c: { number: 4 } };
    assertThrows(() => byNumber(kinds), Error, "two kinds have number 4");
  });
});

describe("bare()", () => {
  it("is a reply of its number and id alone", () => {
    for (const [type, number] of [["watching", 6], ["replaced", 15], ["notAMember", 17]] as const) {
      const kind = bare(type, number);
      assertEquals([kind.number, kind.fields, kind.size], [number, 2, undefined]);
      const fields = kind.encode({ id: 9, type } as never, number, new FieldWriter(0));
      assertEquals(fields, [number, 9]);
      assertEquals<unknown>(kind.decode(fields, 9, new FieldReader(0)), { id: 9, type });
    }
  });
});

describe("registerBytes()", () => {
  it("is at least the length of the id in UTF-8", () => {
    for (const id of ["k\xf6a", "k\xf6" + "\xff".repeat(100), "c\xf6\0"]) {
      assertEquals(registerBytes(id) >= new TextEncoder().encode(id).length, true);
    }
    assertEquals(registerBytes("k\xf6a"), 6);
  });
});
