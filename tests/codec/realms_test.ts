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

/** What `code` evaluates to in a realm of its own, with an `Object` and an `Array` of its own. */
const elsewhere = (code: string): unknown => vm.runInNewContext(`(${code})`);

/** Code, and the value that it stands for here. */
const TAKEN: readonly (readonly [code: string, value: unknown])[] = [
  ["{ a: 1, b: { c: [] } }", { a: 1, b: { c: [] } }],
  ["[1, [2]]", [1, [2]]],
  ['new Map([["k", { a: 1 }]])', new Map([["k", { a: 1 }]])],
  ["new Set([[1]])", new Set([[1]])],
  ["new Date(1500)", new Date(1500)],
  ["Uint8Array.of(1, 2)", Uint8Array.of(1, 2)],
  ["Object.create(null)", {}],
];

/** Code of what no realm's objects are plain for, and what it is refused as. */
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

describe("what another realm has made", () => {
  it("is a value where it is one of the kinds that are taken", () => {
    for (const [code, value] of TAKEN) {
      const foreign = elsewhere(code);
      assertEquals(decodeValue(encodeValue(foreign, MAX)), value, code);
      assertEquals(decodeValue(encodeValue([foreign], MAX)), [value], code);
    }
  });

  it("is the same key as what this realm makes", () => {
    for (const [code, value] of TAKEN) {
      assertEquals(encodeKey(elsewhere(code)), encodeKey(value), code);
      assertEquals(decodeKey(encodeKey(elsewhere(code))), value as never, code);
    }
  });

  it("is refused where it is anything else", () => {
    for (const [code, what] of REFUSED) {
      const foreign = elsewhere(code);
      assertThrows(() => encodeValue(foreign, MAX), UnencodableError, `value: ${what}`);
      assertThrows(() => encodeKey(foreign), TypeError, what);
    }
  });
});

describe("an object with a name for itself", () => {
  it("is no plain object, though its properties may be none", () => {
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

  it("is no value and no key", () => {
    const what = "a Uint8Array whose buffer was transferred or shrunk cannot be";
    const message = `value.bytes[0]: ${what} stored`;
    assertThrows(
      () => encodeValue({ bytes: [transferred()] }, MAX),
      UnencodableError,
      message,
    );
    assertThrows(() => encodeKey(transferred()), TypeError, `${what} a key`);
  });

  it("is not taken for one that is empty, which is both", () => {
    assertEquals(decodeValue(encodeValue(new Uint8Array(), MAX)), new Uint8Array());
    assertEquals(encodeKey(new Uint8Array()), "\x40");
    assert(transferred().length === 0);
  });
});
