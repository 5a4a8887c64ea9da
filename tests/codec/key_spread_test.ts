import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { decodeKey, encodeKey } from "../../lib/codec/key.ts";
import { MalformedError } from "../../lib/codec/malformed.ts";
import { decodeValue, encodeValue, UnencodableError } from "../../lib/codec/value.ts";
import { collidingIntegers } from "../support/colliding_integers.ts";

const MAX = 8 * 2 ** 20;

/** The CBOR of a head with an argument of 32 bits. */
const head = (major: number, argument: number) => [
  (major << 5) | 26,
  argument >>> 24,
  (argument >>> 16) & 0xff,
  (argument >>> 8) & 0xff,
  argument & 0xff,
];

const integer = (number: number) => number < 0 ? head(1, -1 - number) : head(0, number);
const text = (text: string) => [...head(3, text.length), ...new TextEncoder().encode(text)];
const double = (number: number) => [
  0xfb,
  ...new Uint8Array(new Float64Array([number]).buffer).reverse(),
];
/** The bigint 2^64 × `number` + 1. */
const bigint = (number: number) => [
  0xc2,
  0x4c,
  ...head(0, number).slice(1),
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  1,
];

/** A Set of these members, and a Map of these keys: the tag 258, and the tag 259. */
const setOf = (members: number[][]) =>
  Uint8Array.from([0xd9, 1, 2, ...head(4, members.length), ...members.flat()]);
const mapOf = (keys: number[][]) =>
  Uint8Array.from([0xd9, 1, 3, ...head(5, keys.length), ...keys.flatMap((key) => [...key, 0])]);

/** V8's `ComputeLongHash`. */
function hashOfLong(bits: bigint): number {
  const cut = (hash: bigint) => BigInt.asUintN(64, hash);
  let hash = cut(~bits + (bits << 18n));
  hash ^= hash >> 31n;
  hash = cut(hash * 21n);
  hash ^= hash >> 11n;
  hash = cut(hash + (hash << 6n));
  hash ^= hash >> 22n;
  return Number(hash & 0x3fffffffn);
}

/** Halves, all of which have the same place in a table of up to 2,048 keys. */
function collidingDoubles(count: number): number[] {
  const found: number[] = [];
  for (let half = 0.5; found.length < count; half++) {
    const [bits] = new BigUint64Array(new Float64Array([half]).buffer);
    if ((hashOfLong(bits) & 1_023) === 0) found.push(half);
  }
  return found;
}

describe("values whose keys collide", () => {
  const integers = collidingIntegers(40_000);
  const attacks: [what: string, keys: number[][]][] = [
    ["40,000 integers, 200 kB", integers.map(integer)],
    ["1,000 integers", integers.slice(0, 1_000).map(integer)],
    ["1,000 doubles", collidingDoubles(1_000).map(double)],
    ["1,000 bigints", Array.from({ length: 1_000 }, (_, i) => bigint(i))],
    [
      "1,000 texts of digits",
      Array.from({ length: 1_000 }, (_, i) => text(`${2 ** 20 * (i + 1)}`)),
    ],
    ["integers among other keys", [
      ...integers.slice(0, 1_000).map(integer),
      ...[..."abc"].map(text),
    ]],
  ];
  for (const [what, keys] of attacks) {
    it(`are refused: ${what}`, () => {
      assertThrows(() => decodeValue(setOf(keys)), MalformedError, "collide");
      assertThrows(() => decodeValue(mapOf(keys)), MalformedError, "collide");
    });
  }

  it("are refused by the encoder, too", () => {
    const members = integers.slice(0, 2_000);
    const map = new Map(members.map((member) => [member, 0]));
    const value = { list: [new Set(members)] };
    assertThrows(() => encodeValue(value, MAX), UnencodableError, "value.list[0].values()[");
    assertThrows(() => encodeValue(map, MAX), UnencodableError, "value.keys()[");
  });

  it("are refused as keys of the cluster, in both directions", () => {
    const members = integers.slice(0, 800);
    assertThrows(() => encodeKey(new Set(members)), TypeError, "collide");
    assertThrows(
      () => encodeKey(new Map(members.map((member) => [member, 0]))),
      TypeError,
      "collide",
    );
    const bytes = setOf(members.map(integer));
    assertThrows(() => decodeKey(String.fromCharCode(...bytes)), MalformedError, "collide");
  });

  it("are accepted where a few collide", () => {
    for (const count of [1, 64, 65, 250]) {
      const set = new Set(integers.slice(0, count));
      assertEquals(decodeValue(encodeValue(set, MAX)), set);
    }
  });
});

describe("values with many ordinary keys", () => {
  const COUNT = 100_000;
  let seed = 1;
  const random = () => (seed = seed * 48_271 % 2_147_483_647) / 2_147_483_647;
  const kinds: [what: string, key: (index: number) => unknown][] = [
    ["consecutive integers", (index) => index],
    ["multiples of 65,536", (index) => index * 65_536],
    ["negative integers", (index) => -3 * index],
    ["random integers of 32 bits", () => Math.floor(random() * 2 ** 32)],
    ["times of a minute each", (index) => 1_700_000_000_000 + 60_000 * index],
    ["multiples of 2^33", (index) => index * 2 ** 33],
    ["halves", (index) => index + 0.5],
    ["random doubles", random],
    ["bigints of 18 zeros", (index) => BigInt(index) * 10n ** 18n],
    ["negative bigints", (index) => -BigInt(index)],
    ["texts of digits", (index) => `${index}`],
    ["texts", (index) => `key ${index}`],
    ["dates and lists", (index) => index % 2 ? new Date(index) : [index]],
  ];
  for (const [what, key] of kinds) {
    it(`are accepted: ${what}`, () => {
      const set = new Set(Array.from({ length: COUNT }, (_, index) => key(index)));
      const decoded = decodeValue(encodeValue(set, MAX)) as Set<unknown>;
      assertEquals(decoded.size, set.size);
      assertGreater(set.size, COUNT / 2);
    });
  }
});
