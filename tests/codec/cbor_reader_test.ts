import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MalformedError } from "../../lib/codec.ts";
import { CborReader } from "../../lib/codec/cbor_reader.ts";
import { CborWriter } from "../../lib/codec/cbor_writer.ts";
import { hex } from "./support/bytes.ts";

const read = (text: string): unknown => new CborReader(hex(text), 0).item();

/** The item that the fewest bytes of `seconds` as a Date stand for. */
function dateOf(seconds: number): Date {
  const writer = new CborWriter(20);
  writer.head(6, 1);
  writer.number(seconds);
  return new CborReader(writer.finish(), 0).item() as Date;
}

describe("CborReader", () => {
  it("reads integers in every width, as numbers as long as they are safe", () => {
    const examples: [string, number | bigint][] = [
      ["00", 0],
      ["17", 23],
      ["1818", 24],
      ["190100", 256],
      ["1a00010000", 65_536],
      ["1affffffff", 2 ** 32 - 1],
      ["1b0000000000000001", 1],
      ["1b001fffffffffffff", 2 ** 53 - 1],
      ["1b0020000000000000", 2n ** 53n],
      ["1bffffffffffffffff", 2n ** 64n - 1n],
      ["20", -1],
      ["3818", -25],
      ["3b001ffffffffffffe", -(2 ** 53 - 1)],
      ["3b001fffffffffffff", -(2n ** 53n)],
      ["3bffffffffffffffff", -(2n ** 64n)],
    ];
    for (const [text, value] of examples) assertStrictEquals(read(text), value);
  });

  it("reads simple values, and floats of each width", () => {
    const examples: [string, unknown][] = [
      ["f4", false],
      ["f5", true],
      ["f6", null],
      ["f7", undefined],
      ["f93e00", 1.5],
      ["fa3fc00000", 1.5],
      ["fb3ff8000000000000", 1.5],
      ["f98000", -0],
      ["f97e00", NaN],
    ];
    for (const [text, value] of examples) assertStrictEquals(read(text), value);
  });

  it("reads texts and bytes with a length in each width", () => {
    for (const head of ["63", "7803", "790003", "7a00000003"]) {
      assertEquals(read(`${head} 616263`), "abc");
    }
    for (const head of ["43", "5803", "590003", "5a00000003"]) {
      assertEquals(read(`${head} 616263`), Uint8Array.of(97, 98, 99));
    }
    assertEquals([read("60"), read("40")], ["", new Uint8Array(0)]);
  });

  it("reads arrays, objects, Maps and Sets, in their order", () => {
    assertEquals(read("83 01 80 8102"), [1, [], [2]]);
    assertEquals(Object.entries(read("a2 6162 01 6161 a0") as object), [["b", 1], ["a", {}]]);
    assertEquals([...read("d90103 a2 02 80 01 f6") as Map<unknown, unknown>], [[2, []], [1, null]]);
    assertEquals([...read("d90102 83 02 01 80") as Set<unknown>], [2, 1, []]);
    assertEquals(read("98 01 00"), [0]);
  });

  it("reads tagged bytes: bigints with leading zeros, and strings with lone surrogates", () => {
    assertEquals([read("c2 40"), read("c2 43 000100"), read("c3 41 ff")], [0n, 256n, -256n]);
    assertEquals(read("d90111 44 61eda080"), "a\ud800");
  });

  it("gives a property the name __proto__, and no object a prototype", () => {
    const object = read("a1 69 5f5f70726f746f5f5f a1 6161 01") as Record<string, unknown>;
    assertStrictEquals(Object.getPrototypeOf(object), Object.prototype);
    assertEquals(Object.getOwnPropertyDescriptor(object, "__proto__"), {
      value: { a: 1 },
      writable: true,
      enumerable: true,
      configurable: true,
    });
  });

  it("reads each time of a Date to the millisecond", () => {
    const times = [0, 1, -1, 999, 1_577_836_800_123, 8.64e15, -8.64e15, 8.64e15 - 1, -8.64e15 + 1];
    // Beyond the year 141,000 a quotient of two neighbours may be half-way between two integers.
    for (let i = 0; i < 2_000; i++) times.push(4_398_046_511_104_000 + 7 * i, 8.6e15 + 3 * i);
    for (const time of times) assertStrictEquals(dateOf(time / 1000).getTime(), time);
  });

  it("begins at the given offset, and reads one item after the other", () => {
    const reader = new CborReader(hex("ff 01 6161 02"), 1);
    assertEquals([reader.item(), reader.item(), reader.item()], [1, "a", 2]);
  });

  it("returns bytes that do not share memory with the source", () => {
    const source = hex("43 010203");
    const bytes = new CborReader(source, 0).item() as Uint8Array;
    source.fill(0);
    assertEquals(bytes, Uint8Array.of(1, 2, 3));
    assertNotStrictEquals(bytes.buffer, source.buffer);
    assertStrictEquals(bytes.buffer.byteLength, 3);
  });

  for (
    const [what, text, why] of [
      ["a property that occurs twice", "a2 6161 01 6161 02", "a duplicate property"],
      [
        "a property named __proto__ twice",
        `a2 ${"695f5f70726f746f5f5f01".repeat(2)}`,
        "a duplicate",
      ],
      ["a property whose name is no string", "a1 01 01", "whose name is no string"],
      ["a key of a Map that occurs twice", "d90103 a2 01 01 01 02", "a duplicate key of a Map"],
      ["a member of a Set that occurs twice", "d90102 82 01 1801", "a duplicate member of a Set"],
      ["a Date that is none", "c1 f97e00", "an invalid Date"],
      ["a Date beyond the latest one", "c1 fb 4300000000000000", "an invalid Date"],
    ]
  ) {
    it(`refuses ${what}`, () => {
      assertThrows(() => read(text), MalformedError, why);
    });
  }
});
