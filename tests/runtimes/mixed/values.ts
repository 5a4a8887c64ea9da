import type { Key } from "../../../mod.ts";

/** One value of every type that nodes carry, and values that are prone to encoding errors. */
export const VALUES: Readonly<Record<string, unknown>> = {
  "a string": "hello, wörld ✓ 𝄞",
  "an empty string": "",
  "a small integer": 7,
  "the largest safe integer": Number.MAX_SAFE_INTEGER,
  "a negative integer": -1_000_000,
  "a fraction": 0.1,
  "a number beyond 32 bits of precision": 1e300,
  "infinity": -Infinity,
  "a bigint": 12_345_678_901_234_567_890n,
  "a bigint of 40 digits": -(10n ** 40n),
  "null": null,
  "a boolean": false,
  "bytes": Uint8Array.of(0, 1, 127, 128, 255),
  "no bytes": new Uint8Array(0),
  "a date": new Date(Date.UTC(2024, 1, 29, 12, 30, 15, 250)),
  "a date before 1970": new Date(-86_400_001),
  "an array": [1, "two", [3n, [null]], true],
  "an object": { a: 1, nested: { list: [1, 2], at: new Date(0) }, "": "no name" },
  "a map": new Map<unknown, unknown>([["a", 1], [2, new Map([[3n, "c"]])], [null, new Set([1])]]),
  "a set": new Set<unknown>(["a", 1, 2n, [1, 2], Uint8Array.of(3)]),
  "nested deeply": Array.from({ length: 20 }).reduce((inner) => ({ inner: [inner] }), "bottom"),
};

/** Keys of every type, among them strings that are not well-formed. */
export const KEYS: readonly Key[] = [
  "plain",
  "",
  "lone \ud800 high",
  "\udc00 lone low",
  "𝄞",
  42,
  -1.5,
  2n ** 70n,
  true,
  null,
  Uint8Array.of(1, 2, 3),
  new Date(1_000),
  ["orders", 42, ["line", 7n]],
  { b: "two", a: 1 },
  new Map<Key, Key>([["x", 1], [2, "y"]]),
  new Set<Key>(["s", 1]),
];
