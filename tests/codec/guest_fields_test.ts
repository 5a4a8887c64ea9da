import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { MalformedField, refuse } from "../../lib/codec/field_reader.ts";
import { type Field, list, nullable, object, plain, union } from "../../lib/codec/guest_fields.ts";

const digit = plain((field) => typeof field === "number" ? field : refuse("no digit"));

/** A field that travels as text. */
const even: Field<boolean> = {
  encode: (value) => value ? "even" : "odd",
  decode: (field) => field === "even" || (field === "odd" ? false : refuse("no parity")),
};

/** Fails unless `field` refuses this, with that detail. */
function refuses(field: Field<never> | Field<unknown>, value: unknown, detail: string): void {
  let thrown: unknown;
  try {
    field.decode(value);
  } catch (error) {
    thrown = error;
  }
  assertInstanceOf(thrown, MalformedField);
  assertEquals(thrown.detail, detail);
}

describe("fields of messages of guests", () => {
  it("nullable() keeps null, and has the other values checked", () => {
    const field = nullable(even);
    assertEquals([field.encode(null), field.encode(true)], [null, "even"]);
    assertEquals([field.decode(null), field.decode("odd")], [null, false]);
    refuses(field, undefined, "no parity");
  });

  it("list() has a limit, and checks each entry", () => {
    const field = list(even, 2);
    assertEquals([field.encode([true, false]), field.encode([])], [["even", "odd"], []]);
    assertEquals(field.decode(["odd", "even"]), [false, true]);
    refuses(field, ["odd", "odd", "odd"], "a list of more than 2");
    refuses(field, ["odd", "none"], "no parity");
    refuses(field, { length: 0 }, "a list was expected");
  });

  it("object() travels as the list of its fields, in their order", () => {
    const field = object<{ a: number; b: boolean }>({ a: digit, b: even });
    assertEquals(field.encode({ b: true, a: 7 }), [7, "even"]);
    assertEquals(field.decode([7, "even"]), { a: 7, b: true });
    refuses(field, [7], "not 2 fields");
    refuses(field, [7, "even", 1], "a list of more than 2");
    refuses(field, ["even", 7], "no digit");
  });

  it("union() begins with the number of its kind", () => {
    type Message = { type: "none" } | { type: "some"; a: number };
    const field = union<Message>({ none: {}, some: { a: digit } });
    assertEquals(field.encode({ type: "some", a: 7 }), [1, 7]);
    assertEquals(field.decode([0]), { type: "none" });
    assertEquals(field.decode([1, 7]), { type: "some", a: 7 });
    for (const unknown of [[2], [-1], [0.5], ["0"], ["length"], []]) {
      refuses(field, unknown, "a message of unknown kind");
    }
    refuses(field, [0, 7], "not 0 fields");
    refuses(field, [1], "not 1 fields");
  });
});
