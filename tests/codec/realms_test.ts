import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import vm from "node:vm";
import {
  decodeKey,
  decodeValue,
  encodeKey,
  encodeValue,
  UnencodableError,
} from "../../lib/codec.ts";

const MAX = 1 << 20;

/** The result of `code` in another realm, which has its own `Object` and `Array`. */
const elsewhere = (code: string): unknown => vm.runInNewContext(`(${code})`);

/** Code, and the equal value of this realm. */
const TAKEN: readonly (readonly [code: string, value: unknown])[] = [
  ["{ a: 1, b: { c: [] } }", { a: 1, b: { c: [] } }],
  ["[1, [2]]", [1, [2]]],
  ['new Map([["k", { a: 1 }]])', new Map([["k", { a: 1 }]])],
  ["new Set([[1]])", new Set([[1]])],
  ["new Date(1500)", new Date(1500)],
  ["Uint8Array.of(1, 2)", Uint8Array.of(1, 2)],
  ["Object.create(null)", {}],
];

/** Code for objects that are not plain in any realm, and the description in the error. */
const REFUSED: readonly (readonly [code: string, what: string])[] = [
  ["new (class Point { x = 1 })", "an instance of Point"],
  ["new (class Object { x = 1 })", "an instance of Object"],
  [
    "((o) => { class Object extends null {} Reflect.setPrototypeOf(o, Object.prototype); return o })({})",
    "an instance of Object",
  ],
  ["new (class Numbers extends Array {})", "an instance of Numbers"],
  ["new (class Map2 extends Map {})", "an instance of Map2"],
  ["Object.create({})", "an instance of Object"],
  ["Object.create(Map.prototype)", "an instance of Map"],
  ["Object.create(Date.prototype)", "an instance of Date"],
  ["Object.create(Array.prototype)", "an instance of Array"],
  ["new Uint16Array(1)", "an instance of Uint16Array"],
  ["new Error('x')", "an instance of Error"],
  ["Math", "an object tagged Math"],
];

describe("an object of another realm", () => {
  it("is a value if it has a supported type", () => {
    for (const [code, value] of TAKEN) {
      const foreign = elsewhere(code);
      assertEquals(decodeValue(encodeValue(foreign, MAX)), value, code);
      assertEquals(decodeValue(encodeValue([foreign], MAX)), [value], code);
    }
  });

  it("is the same key as an equal object of this realm", () => {
    for (const [code, value] of TAKEN) {
      assertEquals(encodeKey(elsewhere(code)), encodeKey(value), code);
      assertEquals(decodeKey(encodeKey(elsewhere(code))), value as never, code);
    }
  });

  it("is refused if it has another type", () => {
    for (const [code, what] of REFUSED) {
      const foreign = elsewhere(code);
      assertThrows(() => encodeValue(foreign, MAX), UnencodableError, `value: ${what}`);
      assertThrows(() => encodeKey(foreign), TypeError, what);
    }
  });
});

describe("an object with a toStringTag", () => {
  it("is not a plain object, even without properties", () => {
    function argumentsOf(..._args: number[]): unknown {
      return arguments;
    }
    const tagged = Object.defineProperty({}, Symbol.toStringTag, { value: "Remote" });
    const proxy = new Proxy(Object.create(null), {
      get: (_, name) => name === Symbol.toStringTag ? "Remote" : undefined,
    });
    const others: [unknown, string][] = [
      [Math, "an object tagged Math"],
      [JSON, "an object tagged JSON"],
      [argumentsOf(1, 2), "an object tagged Arguments"],
      [tagged, "an object tagged Remote"],
      [proxy, "an object tagged Remote"],
    ];
    for (const [other, what] of others) {
      const message = `value.it: ${what} cannot be stored`;
      assertThrows(() => encodeValue({ it: other }, MAX), UnencodableError, message);
      assertThrows(() => encodeKey([other]), TypeError, `${what} cannot be a key`);
    }
  });
});

describe("a Uint8Array without its buffer", () => {
  const transferred = (): Uint8Array => {
    const bytes = Uint8Array.of(1, 2, 3);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return bytes;
  };

  it("is neither a value nor a key", () => {
    const what = "a Uint8Array whose buffer was transferred or shrunk cannot be";
    const message = `value.bytes[0]: ${what} stored`;
    assertThrows(
      () => encodeValue({ bytes: [transferred()] }, MAX),
      UnencodableError,
      message,
    );
    assertThrows(() => encodeKey(transferred()), TypeError, `${what} a key`);
  });

  it("is distinguished from an empty one, which is both", () => {
    assertEquals(decodeValue(encodeValue(new Uint8Array(), MAX)), new Uint8Array());
    assertEquals(encodeKey(new Uint8Array()), "\x40");
    assert(transferred().length === 0);
  });
});
