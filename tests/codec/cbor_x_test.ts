import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { pack, unpack } from "../../lib/codec/cbor_x.ts";
import { concat, toHex } from "./support/bytes.ts";

describe("pack()", () => {
  it("is the first byte, then plain CBOR in its shortest form", () => {
    const examples: [unknown, string][] = [
      [[], "80"],
      [[0, 23, 24, 255, 256, 65_535, 65_536], "870017181818ff19010019ffff1a00010000"],
      [[-1, -24, -25, -256, -257], "85203738183" + "8ff390100"],
      [[null, true, false], "83f6f5f4"],
      [["", "é", "x".repeat(24)], "836062c3a97818" + "78".repeat(24)],
      [[Uint8Array.of(1, 2)], "81420102"], // without a tag
      [[0.5, NaN], "82fb3fe0000000000000fb7ff8000000000000"],
      [new Array(24).fill(0), "9818" + "00".repeat(24)],
    ];
    for (const [value, bytes] of examples) assertEquals(toHex(pack(7, value)), "07" + bytes);
  });

  it("returns bytes that later calls do not change, in a buffer of their own", () => {
    const bytes = pack(1, ["a".repeat(100)]);
    const copy = bytes.slice();
    for (let i = 0; i < 100; i++) pack(2, ["b".repeat(100)]);
    assertEquals(bytes, copy);
    assertStrictEquals(bytes.buffer.byteLength, bytes.length);
  });
});

describe("unpack()", () => {
  it("returns what was packed, from a view of a larger buffer, too", () => {
    const value = [0, -1, 2 ** 53 - 1, 1.5, "text", null, true, [Uint8Array.of(1, 2, 3), []]];
    const bytes = concat([9, 9], pack(7, value), [9]).subarray(2, -1);
    assertEquals(unpack(bytes, 1), value);
  });

  it("returns bytes that are plain and do not share memory with their source", () => {
    const { Buffer } = globalThis as { Buffer?: { from(bytes: Uint8Array): Uint8Array } };
    const packed = pack(7, [Uint8Array.of(1, 2, 3)]);
    const source = Buffer?.from(packed) ?? packed;
    const [bytes] = unpack(source, 1) as [Uint8Array];
    source.fill(0);
    assertEquals(bytes, Uint8Array.of(1, 2, 3));
    assertNotStrictEquals(bytes.buffer, source.buffer);
    assertStrictEquals(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  });

  it("adds no property to its source", () => {
    const source = pack(7, [1]);
    unpack(source, 1);
    assertEquals(Object.keys(source), [...source.keys()].map(String));
  });
});
