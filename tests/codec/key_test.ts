import { describe, it } from "@std/testing/bdd";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decodeKey, encodeKey, MalformedError, MAX_KEY_BYTES } from "../../lib/codec.ts";
import { toHex } from "./support/bytes.ts";
import { Random } from "./support/random.ts";
import { RandomKeys } from "./support/random_keys.ts";

function same(...keys: unknown[]): void {
  for (const key of keys) {
    assertStrictEquals(toHex(encodeKey(key)), toHex(encodeKey(keys[0])));
  }
}

/** Fails unless all `keys` are different, and each survives a round trip. */
function different(...keys: unknown[]): void {
  const encoded = keys.map((key) => encodeKey(key));
  for (const [i, one] of encoded.entries()) {
    for (const [k, other] of encoded.entries()) {
      if (i < k) assertNotEquals(toHex(one), toHex(other), `keys ${i} and ${k}`);
    }
  }
  for (const one of encoded) same(decodeKey(one), decodeKey(encodeKey(decodeKey(one))));
  assertEquals(encoded.map((one) => encodeKey(decodeKey(one))), encoded);
}

function isRefused(key: unknown, message: string): void {
  assertThrows(() => encodeKey(key), TypeError, message);
}

const bytesOf = (text: string): string => {
  const digits = text.replaceAll(" ", "");
  let bytes = "";
  for (let i = 0; i < digits.length; i += 2) {
    bytes += String.fromCharCode(parseInt(digits.slice(i, i + 2), 16));
  }
  return bytes;
};

describe("encodeKey()", () => {
  it("writes deterministic CBOR", () => {
    const examples: [unknown, string][] = [
      ["orders/42", "69 6f72646572732f3432"],
      ["", "60"],
      ["é€😀", "69 c3a9e282acf09f9880"],
      ["a".repeat(24), "7818" + "61".repeat(24)],
      ["a".repeat(256), "790100" + "61".repeat(256)],
      [0, "00"],
      [23, "17"],
      [24, "1818"],
      [255, "18ff"],
      [256, "190100"],
      [65_536, "1a00010000"],
      [2 ** 32, "1b0000000100000000"],
      [2 ** 53 - 1, "1b001fffffffffffff"],
      [2 ** 53, "1b0020000000000000"],
      [2n ** 64n - 1n, "1bffffffffffffffff"],
      [2n ** 64n, "c249010000000000000000"],
      [-1, "20"],
      [-256, "38ff"],
      [-(2 ** 53), "3b001fffffffffffff"],
      [-(2n ** 64n), "3bffffffffffffffff"],
      [-(2n ** 64n) - 1n, "c349010000000000000000"],
      [1.5, "f93e00"],
      [100000.5, "fa47c35040"],
      [0.1, "fb3fb999999999999a"],
      [NaN, "f97e00"],
      [Infinity, "f97c00"],
      [-Infinity, "f9fc00"],
      [true, "f5"],
      [false, "f4"],
      [null, "f6"],
      [Uint8Array.of(1, 255), "4201ff"],
      [new Date(1500), "c1f93e00"],
      [new Date(-2000), "c121"],
      [[1, [undefined]], "820181f7"],
      [{ b: 1, a: 2, aa: 3 }, "a3 6161 02 6162 01 626161 03"],
      [new Map<unknown, unknown>([["z", 1], [10, 2], [[], 3]]), "d90103 a3 0a 02 617a 01 80 03"],
      [new Set<unknown>(["b", "a", 300, 7]), "d90102 84 07 19012c 6161 6162"],
    ];
    for (const [key, bytes] of examples) {
      assertEquals(toHex(encodeKey(key)), bytes.replaceAll(" ", ""), String(bytes));
    }
  });

  it("gives equal keys the same encoding", () => {
    same({ a: 1, b: 2 }, { b: 2, a: 1 }, Object.assign(Object.create(null), { b: 2n, a: 1 }));
    same(1, 1n, 1.0);
    same(0, -0, 0n, -0n);
    same([-0], [0]);
    same(NaN, -NaN, 0 / 0, Number("x"));
    same(2 ** 60, 2n ** 60n);
    same(1e21, 10n ** 21n);
    same(-(2 ** 70), -(2n ** 70n));
    same(new Map([[1, 2], [3, 4]]), new Map([[3, 4], [1, 2]]), new Map([[3n, 4], [1n, 2]]));
    same(new Set([1, 2]), new Set([2, 1]));
    same(new Date(5), new Date(5));
    same(Uint8Array.of(1), Uint8Array.of(0, 1).subarray(1));
    same({ x: [{ b: 1, a: 2 }] }, { x: [{ a: 2, b: 1 }] });
    const shared = { a: 1 };
    same([shared, shared], [{ a: 1 }, { a: 1 }]);
  });

  it("gives different keys different encodings, and all survive a round trip", () => {
    different(1, "1", true, [1], new Set([1]), Uint8Array.of(1), new Date(1), new Date(1000), 1.5);
    different({}, [], new Map(), new Set(), null, "", 0, false, new Uint8Array(0), [null]);
    different({ a: 1 }, new Map([["a", 1]]), [["a", 1]], { a: "1" }, { A: 1 }, { a: 1, b: 1 });
    different({ a: undefined }, {}, { a: null }, [undefined], [], [null]);
    different("a", "b", "ab", "a\0", "A", "\xe9", "e\u0301", "\u00e9\ufeff", "\ufeff\u00e9");
    different("\ufeff" + "x".repeat(90), "x".repeat(90), "x".repeat(91), "\ufeff".repeat(2));
    different(2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 2n ** 53n + 1n, 2n ** 64n, 2n ** 64n + 1n);
    different(new Date(0), 0, new Date(1), new Date(-1), new Date(8.64e15), new Date(8.64e15 - 1));
    different({ ["__proto__"]: 1 }, {}, { proto: 1 }, { __proto_: 1 });
    different(Infinity, -Infinity, NaN, Number.MAX_VALUE, Number.MIN_VALUE, 5e-324 * 2);
  });

  it("accepts any string, also with lone surrogates, and keeps all of them distinct", () => {
    const odd = ["\ud800", "\udfff", "\udc00\ud800", "a\ud800", "\ud800a", "\ud83d", "\ude00"];
    odd.push(
      "\ud83d\ude00",
      "\ud83d\ud83d\ude00",
      "\ufffd",
      "\ud800\ufffd",
      "é\udead€",
      "\ud800\u07ff\u0800\uffff",
    );
    odd.push("\xed\xa0\x80"); // the characters whose codes are the WTF-8 of U+D800
    different(...odd, new TextEncoder().encode("\ud800"), Uint8Array.of(0xed, 0xa0, 0x80));
    for (const text of odd) assertStrictEquals(decodeKey(encodeKey(text)), text);
    same({ "\ud800": 1, a: 2 }, { a: 2, "\ud800": 1 });
    assertEquals(decodeKey(encodeKey({ "\ud800": ["\udc00"] })), { "\ud800": ["\udc00"] });
  });

  it("sorts like the bytes", () => {
    const keys = [0, 23, 24, 255, 256, 65_536, -1, -25, "", "a", "b", "aa", "é", [], [0], {}, 0.5];
    const encoded = keys.map((key) => encodeKey(key)).sort();
    const hexadecimal = encoded.map(toHex);
    assertEquals(hexadecimal, [...hexadecimal].sort());
  });

  it("refuses values that cannot be keys", () => {
    class Point {
      x = 1;
    }
    isRefused(undefined, "undefined cannot be a key");
    isRefused(() => 1, "a function cannot be a key, or part of one");
    isRefused(Symbol("s"), "a symbol cannot be a key");
    isRefused([new Point()], "an instance of Point cannot be a key");
    isRefused({ a: new Uint16Array(1) }, "an instance of Uint16Array cannot be");
    isRefused({ [Symbol("tag")]: 1 }, "a property named Symbol(tag) cannot be");
    isRefused(new Date(NaN), "an invalid Date cannot be");
    // deno-lint-ignore no-sparse-arrays
    isRefused([1, , 2], "an array with a hole cannot be");
    isRefused(2n ** 8192n, "a bigint of more than 1024 bytes cannot be");
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    isRefused(cycle, "a cycle cannot be");
    let nested: unknown = 1;
    for (let i = 0; i < 64; i++) nested = [nested];
    same(nested, decodeKey(encodeKey(nested)));
    isRefused([nested], "more than 64 levels cannot be");
  });

  it("refuses Maps and Sets in which two parts are the same key", () => {
    isRefused(new Map<unknown, number>([[1, 1], [1n, 2]]), "a Map in which two keys are the same");
    isRefused(new Map([[{ a: 1 }, 1], [{ a: 1 }, 1]]), "a Map in which two keys are the same");
    isRefused(new Set<unknown>([1, 1n]), "a Set in which two members are the same");
    isRefused(new Set([[], []]), "a Set in which two members are the same");
  });

  it(`refuses more than ${MAX_KEY_BYTES} bytes, and not one less`, () => {
    const most = ["a".repeat(4093), "é".repeat(2046), new Uint8Array(4093)];
    for (const key of most) same(key, decodeKey(encodeKey(key)));
    isRefused("a".repeat(4094), "more than 4096 bytes cannot be");
    isRefused("é".repeat(2047), "more than 4096 bytes cannot be");
    isRefused("a".repeat(1e7), "a string of 10000000 characters cannot be");
    isRefused("€".repeat(4000), "more than 4096 bytes cannot be");
    isRefused("\ud800".repeat(2000), "more than 4096 bytes cannot be");
    isRefused(new Uint8Array(4094), "more than 4096 bytes cannot be");
    isRefused(new Uint8Array(1e7), "more than 4096 bytes cannot be");
    isRefused(new Array(1e6).fill(0), "more than 4096 bytes cannot be");
    let shared: unknown = "x";
    for (let i = 0; i < 60; i++) shared = [shared, shared];
    isRefused(shared, "more than 4096 bytes cannot be");
  });

  it("does not depend on the order or type of parts, and decodes to the same key", () => {
    const keys = new RandomKeys(new Random(7));
    for (let i = 0; i < 20_000; i++) {
      const key = keys.make(4);
      if (key === undefined) continue;
      let encoded: string;
      try {
        encoded = encodeKey(key);
      } catch (error) {
        assertInstanceOf(error, TypeError);
        continue;
      }
      assertStrictEquals(encodeKey(keys.again(key)), encoded);
      assertStrictEquals(encodeKey(decodeKey(encoded)), encoded);
      for (let k = 0; k < encoded.length; k++) assert(encoded.charCodeAt(k) <= 0xff);
    }
  });

  it("gives different strings different encodings", () => {
    const keys = new RandomKeys(new Random(8));
    const seen = new Map<string, string>();
    for (let i = 0; i < 50_000; i++) {
      const text = keys.text();
      const encoded = encodeKey(text);
      assertStrictEquals(seen.get(encoded) ?? text, text);
      seen.set(encoded, text);
      assertStrictEquals(decodeKey(encoded), text);
    }
  });
});

describe("decodeKey()", () => {
  it("returns an equal value if JavaScript has one", () => {
    const keys = ["text", 5, -5, 1.5, true, null, Uint8Array.of(1), new Date(7), [1, [2]], {
      a: {},
    }];
    for (const key of keys) assertEquals(decodeKey(encodeKey(key)), key);
    assertEquals(decodeKey(encodeKey(1n)), 1);
    assertEquals(decodeKey(encodeKey(-0)), 0);
    assertEquals(decodeKey(encodeKey(2 ** 53)), 2n ** 53n);
    assertEquals(
      decodeKey(encodeKey(new Map([["b", 1], ["a", 2]]))),
      new Map([["b", 1], ["a", 2]]),
    );
    assertEquals(decodeKey(encodeKey(new Set(["b", "a"]))), new Set(["b", "a"]));
  });

  it("refuses every encoding but the canonical one", () => {
    const wrong = ["", "1800", "190001", "1a00000001", "1b0000000000000001", "1b00000000ffffffff"];
    wrong.push("3800", "3b0000000000000000", "5800", "7800", "780161", "98 00", "b800", "d80100");
    wrong.push("c24101", "c2480000000000000001", "c340", "c24a00010000000000000000");
    wrong.push(
      "f90000",
      "f98000",
      "f93c00",
      "fa3fc00000",
      "fb3ff8000000000000",
      "f97e01",
      "fa7fc00000",
    );
    wrong.push("fb7ff8000000000000", "fb43f0000000000000", "c1 f90000", "c1 f93c00");
    wrong.push("a2 6162 01 6161 02", "a2 6161 01 6161 01", "a1 01 01");
    wrong.push("d90103 a2 02 01 01 01", "d90102 82 02 01", "d90102 82 01 01");
    wrong.push("d90111 43 616263", "d90111 40", "d90111 41 ff", "d90111 46 eda0bdedb880");
    wrong.push(
      "d90111 43 eda0",
      "f7",
      "ff",
      "61 ff",
      "9f ff",
      "00 00",
      "81",
      "e0",
      "f8 20",
      "c0 60",
    );
    wrong.push("c1 fb 4320000000000000", "c1 f97e00", "d90111 44 f7bfbfbf");
    for (const text of wrong) {
      assertThrows(() => decodeKey(bytesOf(text)), MalformedError, "", text);
    }
    assertThrows(() => decodeKey("\u0161a"), MalformedError, "not a key: a character above U+00FF");
    const long = encodeKey("a".repeat(4093)) + "a";
    assertThrows(() => decodeKey("\x79\x0f\xfe" + long.slice(3)), MalformedError);
  });

  it("only ever throws MalformedError, and accepts only canonical encodings", () => {
    const random = new Random(9);
    const keys = new RandomKeys(random);
    let accepted = 0;
    for (let i = 0; i < 50_000; i++) {
      let text: string;
      try {
        text = encodeKey(keys.make(3));
      } catch {
        continue;
      }
      const at = random.below(text.length + 1);
      const change = String.fromCharCode(random.below(256));
      text = text.slice(0, at) + change + text.slice(at + random.below(2));
      try {
        assertStrictEquals(encodeKey(decodeKey(text)), text);
        accepted++;
      } catch (error) {
        assertInstanceOf(error, MalformedError);
      }
    }
    assert(accepted > 500);
  });
});
