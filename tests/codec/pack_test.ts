import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Encoder } from "cbor-x/index-no-eval";
import { pack, unpack } from "../../lib/codec/pack.ts";
import { concat, toHex } from "./support/bytes.ts";
import { Random } from "./support/random.ts";

/** Another implementation, with which earlier versions of the package wrote frames. */
const other = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });

/** Texts and lengths at which the form of an item changes, and others. */
function anyItem(random: Random, depth: number): unknown {
  const size = random.pick([0, 1, 19, 20, 23, 24, 59, 60, 61, 99, 100, 101, 255, 256, 700, 70_000]);
  switch (random.below(depth < 4 ? 8 : 7)) {
    case 0:
      return random.pick([true, false, null]);
    case 1:
      return random.pick([0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]);
    case 2:
      return -random.pick([1, 24, 25, 256, 257, 65_537, 2 ** 31, 2 ** 31 + 1, 2 ** 53 - 1]);
    case 3:
      return random.pick([0.5, -1e300, Infinity, -Infinity, NaN, Number.MIN_VALUE]);
    case 4:
      return "a".repeat(size);
    case 5:
      return "a".repeat(random.below(size + 1)) +
        random.pick(["\x7f", "\x80", "é", "\xf6\xbf\xff", "Ā", "\uFEFF", "😀"]);
    case 6:
      return new Uint8Array(size).fill(size);
    default:
      return Array.from({ length: random.below(30) }, () => anyItem(random, depth + 1));
  }
}

/** Fails at the first difference. A loop, since assertEquals takes long for large arrays. */
function isSame(bytes: Uint8Array, wanted: Uint8Array, run: number): void {
  for (let i = 0; i < Math.max(bytes.length, wanted.length); i++) {
    if (bytes[i] === wanted[i]) continue;
    const [before, after] = [Math.max(0, i - 10), i + 20];
    const there = `run ${run}, byte ${i}`;
    assertEquals(toHex(bytes.slice(before, after)), toHex(wanted.slice(before, after)), there);
  }
}

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

  it("is what cbor-x writes, and unpack() returns it", () => {
    const random = new Random(1);
    for (let run = 0; run < 2_000; run++) {
      const value = anyItem(random, 0);
      const bytes = pack(7, value);
      isSame(bytes.subarray(1), other.encode(value), run);
      isSame(pack(7, unpack(bytes, 1)), bytes, run);
    }
  });

  it("keeps the order of bytes in texts and numbers", () => {
    const value = ["\uFEFFé😀" + "é".repeat(70), 1.1, -1.1, NaN, 2 ** 40 + 1, 0x01020304, 0x0102];
    assertEquals(unpack(pack(7, value), 1), value);
  });

  it("refuses what frames do not contain, and works after that", () => {
    for (const value of [undefined, 1n, {}, new Map(), Symbol(), () => {}]) {
      assertThrows(() => pack(7, [1, value]), TypeError, "a frame cannot contain");
    }
    assertEquals(pack(7, [1]), Uint8Array.of(7, 0x81, 1));
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
  it("hands out what is large without a copy, with little room behind it", () => {
    const [one, other] = [1, 2].map((fill) => new Uint8Array(900_000).fill(fill));
    const packed = [one, other].map((bytes) => pack(7, ["before", bytes, "behind", 5]));
    assertEquals(packed.map((bytes) => unpack(bytes, 1)), [
      ["before", one, "behind", 5],
      ["before", other, "behind", 5],
    ]);
    for (const { buffer, length } of packed) {
      assertEquals(buffer.byteLength > length, true);
      assertEquals(buffer.byteLength < length + 10_000, true);
    }
  });

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
