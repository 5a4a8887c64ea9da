import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { decodeValue, encodeValue, MalformedError, UnencodableError } from "../../lib/codec.ts";
import { concat, hex, toHex } from "./support/bytes.ts";
import { Random } from "./support/random.ts";

const MAX = 1 << 20;
const encode = (value: unknown) => encodeValue(value, MAX);

function comesBack(value: unknown): void {
  assertEquals(decodeValue(encode(value)), value);
}

function isRefused(value: unknown, message: string): void {
  assertThrows(() => encode(value), UnencodableError, message);
}

/** `depth` nested arrays. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe("encodeValue()", () => {
  it("writes standard CBOR in its shortest form", () => {
    const examples: [unknown, string][] = [
      [1, "01"],
      [-1, "20"],
      [1000, "1903e8"],
      [2 ** 53 - 1, "1b001fffffffffffff"],
      [1.5, "f93e00"],
      [-0, "f98000"],
      [1n, "c24101"],
      [-1n, "c340"],
      ["é", "62c3a9"],
      [Uint8Array.of(1, 2), "420102"],
      [[1, [2]], "82018102"],
      [{ a: null }, "a16161f6"],
      [new Date(1500), "c1f93e00"],
      [new Date(3000), "c103"],
      [new Map([[1, true]]), "d90103a101f5"],
      [new Set([1]), "d901028101"],
    ];
    for (const [value, bytes] of examples) assertEquals(toHex(encode(value)), bytes);
  });

  it("refuses unsupported types, and reports their path", () => {
    class Point {
      x = 1;
    }
    isRefused(undefined, "value: undefined cannot be stored");
    isRefused(() => 1, "value: a function cannot be stored");
    isRefused({ list: [1, 2, 3, () => 1] }, "value.list[3]: a function cannot be stored");
    isRefused(Symbol("s"), "value: a symbol cannot be stored");
    isRefused({ "a b": [Symbol()] }, 'value["a b"][0]: a symbol cannot be stored');
    isRefused({ [Symbol("tag")]: 1 }, "value: a property named Symbol(tag) cannot be stored");
    isRefused(
      [{ a: 1 }, { [Symbol()]: 1 }],
      "value[1]: a property named Symbol() cannot be stored",
    );
    isRefused([new Point()], "value[0]: an instance of Point cannot be stored");
    isRefused(new Map([["k", new Error("e")]]), "value.values()[0]: an instance of Error");
    isRefused(new Map([[class A {}, 1]]), "value.keys()[0]: a function cannot be stored");
    isRefused(new Set([1, new WeakMap()]), "value.values()[1]: an instance of WeakMap");
    isRefused({ a: { b: "\ud800" } }, "value.a.b: a string with a lone surrogate");
    isRefused({ "\udfff": 1 }, "a string with a lone surrogate cannot be stored");
    isRefused("x".repeat(1000) + "\udc00", "value: a string with a lone surrogate");
    isRefused("\udc00\ud800", "value: a string with a lone surrogate");
    isRefused({ at: new Date(NaN) }, "value.at: an invalid Date cannot be stored");
    isRefused(2n ** 8192n, "value: a bigint of more than 1024 bytes cannot be stored");
    isRefused(-(2n ** 8192n) - 1n, "value: a bigint of more than 1024 bytes cannot be stored");
    // deno-lint-ignore no-sparse-arrays
    isRefused([1, , 3], "value[1]: a hole in an array cannot be stored");
    isRefused(new Array(4_294_967_295), "value[0]: a hole in an array cannot be stored");
  });

  it("refuses objects of every other class", () => {
    class Numbers extends Array {}
    class Dictionary extends Map {}
    class Group extends Set {}
    class Day extends Date {}
    const others: object[] = [
      new Numbers(),
      new Dictionary(),
      new Group(),
      new Day(),
      /x/,
      new Error("x"),
    ];
    others.push(new Uint16Array(1), new Uint8ClampedArray(1), new Float64Array(1));
    others.push(new DataView(new ArrayBuffer(1)), new ArrayBuffer(1), new WeakSet());
    others.push(Object(1), Object("s"), Object(true), Promise.resolve(), new URL("x:y"));
    others.push(new AbortController().signal, Object.create({ a: 1 }), Object.create({}));
    others.push(Object.create(Map.prototype), Object.create(Set.prototype));
    others.push(Object.create(Date.prototype), Object.create(Uint8Array.prototype));
    others.push(new Proxy(new Map(), {}), new Proxy(new Date(), {}), new Proxy(new Set(), {}));
    for (const other of others) isRefused({ it: other }, "value.it: an instance of ");
    isRefused(Object.create(Object.create(null)), "value: an unknown object cannot be stored");
  });

  it("refuses cycles and too many levels", () => {
    const array: unknown[] = [1];
    array.push([array]);
    isRefused(array, "value[1][0]: a cycle cannot be stored");
    const object: Record<string, unknown> = {};
    object.self = object;
    isRefused(object, "value.self: a cycle cannot be stored");
    const map = new Map();
    map.set("me", new Set([map]));
    isRefused(map, "value.values()[0].values()[0]: a cycle cannot be stored");
    comesBack(nested(64));
    isRefused(nested(65), "[0]: more than 64 levels cannot be stored");
    isRefused(nested(100_000), "[0]: more than 64 levels cannot be stored");
  });

  it("refuses values above the size limit, and accepts one at the limit", () => {
    const tooLarge = (value: unknown, bytes: number) => {
      const most = encodeValue(value, bytes);
      assertEquals(most.length, bytes);
      const message = `, more than ${bytes - 1} bytes cannot be stored`;
      assertThrows(() => encodeValue(value, bytes - 1), UnencodableError, message);
    };
    tooLarge("abc", 4);
    tooLarge("é".repeat(40), 82);
    tooLarge("a".repeat(100), 102);
    tooLarge(new Uint8Array(1000), 1003);
    tooLarge([1, 2, 1.5], 6);
    tooLarge(1e300, 9);
    tooLarge({ a: [] }, 4);
    tooLarge("x".repeat(100_000), 100_005);
  });

  it("reports a lower bound of the size", () => {
    const refused = (value: unknown, message: string) =>
      assertThrows(() => encodeValue(value, 1_000), UnencodableError, message);
    refused("x".repeat(2_000), "value: at least 2000 bytes, more than 1000 bytes");
    refused([new Uint8Array(5_000)], "value: at least 5004 bytes, more than 1000 bytes");
  });

  it("stops early at shared objects that would expand to a huge value", () => {
    let value: unknown = "x";
    for (let i = 0; i < 60; i++) value = [value, value];
    isRefused(value, ", more than 1048576 bytes cannot be stored");
  });

  it("refuses more than a million items", () => {
    const items = new Array(999_999).fill(0);
    assertEquals((decodeValue(encodeValue(items, 2e6)) as unknown[]).length, 999_999);
    items.push(0);
    assertThrows(
      () => encodeValue(items, 2e6),
      UnencodableError,
      "value[999999]: more than 1000000 items cannot be stored",
    );
  });

  it("propagates the exception of a getter, and works afterwards", () => {
    const failing = {
      get a() {
        throw new RangeError("mine");
      },
    };
    assertThrows(() => encode([failing]), RangeError, "mine");
    comesBack({ a: 1 });
  });

  it("returns bytes that later calls do not change", () => {
    const first = encode("first");
    encode("again");
    assertEquals(decodeValue(first), "first");
    assertEquals(first.buffer.byteLength, first.length);
  });
});

describe("decodeValue()", () => {
  it("returns data that does not share memory with the bytes", () => {
    const bytes = encode({ a: Uint8Array.of(1, 2, 3), b: "text" });
    const value = decodeValue(bytes) as { a: Uint8Array; b: string };
    bytes.fill(0);
    assertEquals(value, { a: Uint8Array.of(1, 2, 3), b: "text" });
    value.a[0] = 9;
    assertEquals(bytes.every((byte) => byte === 0), true);
    assertEquals(value.a.buffer.byteLength, 3);
  });

  it("refuses bytes that are not a value", () => {
    const wrong = ["", "f7", "ff", "a1 01 01", "a1 f6 01", "a1 41 61 01", "a1 80 01"];
    wrong.push(
      "a2 6161 01 6161 02",
      "d90103 a2 01 01 01 02",
      "d90102 82 01 01",
      "d90102 82 01 1801",
    );
    wrong.push("c1 f97e00", "c1 f97c00", "c1 fb 4300000000000000", "01 01", "81", "d90111 41 61");
    wrong.push("61 ff", "9f ff", "c0 60", "d81c 80", "d81d 00", "d81b 80", "d9dfff 80");
    for (const text of wrong) assertThrows(() => decodeValue(hex(text)), MalformedError);
    assertThrows(
      () => decodeValue(concat([0xc2, 0x59, 4, 1], new Uint8Array(1025))),
      MalformedError,
    );
    assertThrows(
      () => decodeValue(new Uint8Array(1e6).fill(0x81)),
      MalformedError,
      "nested deeper",
    );
  });

  it("reads other valid encodings: longer forms and integers of 64 bits", () => {
    const read: [string, unknown][] = [
      ["1800", 0],
      ["1b0000000000000001", 1],
      ["1b001fffffffffffff", 2 ** 53 - 1],
      ["1b0020000000000000", 2n ** 53n],
      ["3bffffffffffffffff", -(2n ** 64n)],
      ["fa3fc00000", 1.5],
      ["c2420001", 1n],
      ["c11a5e0be100", new Date(1577836800000)],
      ["b800", {}],
    ];
    for (const [text, value] of read) assertEquals(decodeValue(hex(text)), value);
  });

  it("only ever throws MalformedError, and an accepted value survives a round trip", () => {
    const random = new Random(6);
    const seeds: unknown[] = [
      { a: [1, "b", 2n, -0.5], c: new Map([[1, new Set([2])]]), d: new Date(5) },
      "é€😀",
    ];
    seeds.push(Uint8Array.of(1, 2, 3));
    const good = seeds.map(encode);
    let accepted = 0;
    for (let i = 0; i < 50_000; i++) {
      const bytes = random.once(4)
        ? random.bytes(random.below(16))
        : new Uint8Array(random.pick(good));
      for (let k = random.below(3); k >= 0 && bytes.length > 0; k--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      let value: unknown;
      try {
        value = decodeValue(bytes);
      } catch (error) {
        assertInstanceOf(error, MalformedError);
        continue;
      }
      accepted++;
      assertEquals(decodeValue(encode(value)), value);
    }
    assert(accepted > 1000);
  });
});
