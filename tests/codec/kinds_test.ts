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
import {
  describe as describeValue,
  entriesOf,
  isPlainObject,
  isReadable,
  kindOf,
  membersOf,
  timeOf,
} from "../../lib/codec/kinds.ts";

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

describe("kindOf()", () => {
  it("is the kind of a direct instance of a built-in class", () => {
    const kinds = [[], {}, Object.create(null), new Map(), new Set(), new Date(), new Uint8Array()]
      .map(kindOf);
    assertEquals(kinds, ["array", "object", "object", "map", "set", "date", "bytes"]);
  });

  it("is undefined for an object that only has the prototype of a built-in class", () => {
    for (const { prototype } of [Array, Map, Set, Date]) {
      assertEquals(kindOf(Object.create(prototype)), undefined);
    }
    assertEquals(kindOf(Object.create(Uint8Array.prototype)), undefined);
  });

  it("is undefined for a subclass, except of Uint8Array", () => {
    const made = [new (class extends Array {})(), new (class extends Map {})(), new (class {})()];
    assertEquals(made.map(kindOf), [undefined, undefined, undefined]);
    assertEquals(kindOf(new (class extends Uint8Array {})(1)), "bytes");
    assertEquals(kindOf(new Uint16Array(1)), undefined);
  });
});

describe("isPlainObject()", () => {
  it("is true for plain objects of any realm alone", () => {
    for (const value of [{}, Object.create(null), elsewhere("{}")]) assert(isPlainObject(value));
    for (
      const value of [null, undefined, 1, "x", [], new Map(), new (class {})(), () => {}, Math]
    ) {
      assert(!isPlainObject(value));
    }
  });
});

describe("isReadable()", () => {
  it("is false for bytes whose buffer was transferred, and true for empty ones", () => {
    const bytes = Uint8Array.of(1);
    assert(isReadable(bytes));
    assert(isReadable(new Uint8Array()));
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    assert(!isReadable(bytes));
  });
});

describe("entriesOf(), membersOf() and timeOf()", () => {
  it("do not call methods that were overridden", () => {
    const refuse = () => {
      throw new Error("called");
    };
    const own = { forEach: refuse, entries: refuse, [Symbol.iterator]: refuse };
    const map = Object.assign(new Map([[1, 2], [3, 4]]), own);
    const set = Object.assign(new Set([5, 6]), own);
    const date = Object.assign(new Date(7), { getTime: refuse, valueOf: refuse });
    assertEquals(entriesOf(map), [[1, 2], [3, 4]]);
    assertEquals(membersOf(set), [5, 6]);
    assertEquals([timeOf(date), timeOf(new Date(NaN))], [7, NaN]);
  });
});

describe("describe()", () => {
  it("names the type, or the class", () => {
    const hostile = {
      get constructor(): never {
        throw new Error("no name");
      },
    };
    const values = [() => {}, Symbol("a"), undefined, 1n, null, new Error("x"), new (class A {})()];
    assertEquals(values.map(describeValue), [
      "a function",
      "a symbol",
      "a undefined",
      "a bigint",
      "a object",
      "an instance of Error",
      "an instance of A",
    ]);
    assertEquals(describeValue(Object.create(hostile)), "an unknown object");
    assertEquals(describeValue(new (class {})()), "an unknown object");
    assertEquals(describeValue(Math), "an object tagged Math");
  });
});
