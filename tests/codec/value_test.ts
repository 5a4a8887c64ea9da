import { describe, it } from "@std/testing/bdd";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decodeValue, encodeValue, UnencodableError } from "../../lib/codec.ts";
import { Random } from "./support/random.ts";

const MAX = 1 << 20;
const encode = (value: unknown) => encodeValue(value, MAX);

function comesBack(value: unknown): void {
  assertEquals(decodeValue(encode(value)), value);
}

describe("encodeValue() and decodeValue()", () => {
  it("keep strings", () => {
    for (const length of [0, 1, 23, 24, 59, 60, 61, 99, 100, 101, 255, 256, 65_535, 65_536]) {
      comesBack("a".repeat(length));
      comesBack("é".repeat(length));
      comesBack("a".repeat(length) + "é");
    }
    comesBack("\0\x7f\x80\u07ff\u0800\ufffd\uffff😀\u{10ffff}");
    for (const length of [0, 10, 64, 65, 200]) comesBack("\ufeff" + "x".repeat(length));
  });

  it("keep numbers, each as a number", () => {
    const edges = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
    edges.push(2 ** 53, 2 ** 53 + 2, 2 ** 60, 2 ** 64, 1e21, 1e300, Number.MAX_VALUE);
    edges.push(0.5, 0.1, 1.5, 65504.5, Math.PI, Number.MIN_VALUE, Infinity, NaN);
    for (const edge of edges) {
      comesBack(edge);
      comesBack(-edge);
      comesBack(-edge - 1);
    }
    assertStrictEquals(decodeValue(encode(-0)), -0);
    assertEquals(decodeValue(encode([-0, 0])), [-0, 0]);
  });

  it("keep bigints, each as a bigint", () => {
    for (const edge of [0n, 1n, 255n, 256n, 2n ** 53n, 2n ** 63n, 2n ** 64n, 2n ** 8192n - 1n]) {
      for (const value of [edge, -edge, edge - 1n, -edge - 1n]) comesBack(value);
    }
    comesBack([1n, 1, 2n ** 53n, 2 ** 53]);
  });

  it("keep booleans, null and undefined within others", () => {
    for (const value of [true, false, null, [undefined], { a: undefined }]) comesBack(value);
    comesBack(new Map([[undefined, undefined]]));
    comesBack(new Set([undefined]));
    assertEquals(Object.keys(decodeValue(encode({ a: undefined })) as object), ["a"]);
  });

  it("keep bytes", () => {
    for (const length of [0, 1, 23, 24, 255, 256, 1023, 1024, 1025, 70_000]) {
      comesBack(new Random(length).bytes(length));
    }
    comesBack(Uint8Array.of(9, 1, 2, 9).subarray(1, 3));
  });

  it("keep Dates to the millisecond", () => {
    const random = new Random(4);
    const times = [0, 1, -1, 999, 1000, -1000, 1500, 8.64e15, -8.64e15, 8.64e15 - 1, 1 - 8.64e15];
    times.push(Date.UTC(2026, 1, 3, 4, 5, 6, 789), 2 ** 52 + 1, 2 ** 42 * 1000 + 1);
    times.push(4_420_877_376_794_816); // survives only if the rounding error is corrected
    for (let i = 0; i < 50_000; i++) {
      const bound = random.once(4) ? 8.64e15 : 10 ** (1 + random.below(15)) * 8.64;
      times.push(Math.round((random.uint32() / 2 ** 31 - 1) * bound));
    }
    for (const time of times) {
      const date = decodeValue(encode(new Date(time)));
      assertInstanceOf(date, Date);
      assertStrictEquals(date.getTime(), time + 0);
    }
  });

  it("keep arrays, plain objects, Maps and Sets, in their order", () => {
    comesBack([]);
    comesBack([1, [2, [3, []]], "four"]);
    comesBack({});
    comesBack({ b: 1, a: { c: [] }, "": 2, "é 😀": 3, 1: 4 });
    comesBack(new Map());
    comesBack(new Map<unknown, unknown>([["a", 1], [1, "a"], [1n, null], [{ k: 1 }, new Map()]]));
    comesBack(new Set<unknown>([1, "1", 1n, [], {}, new Set()]));
    const order = { z: 1, a: 2 };
    assertEquals(Object.keys(decodeValue(encode(order)) as object), ["z", "a"]);
    const map = decodeValue(encode(new Map([["z", 1], ["a", 2]]))) as Map<string, number>;
    assertEquals([...map.keys()], ["z", "a"]);
    for (const length of [23, 24, 255, 256, 65_535, 65_536]) {
      comesBack(Array.from({ length }, (_, i) => i));
      comesBack(Object.fromEntries(Array.from({ length }, (_, i) => ["p" + i, i])));
    }
  });

  it("keep properties with special names", () => {
    const value = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":1,"toString":2,"hasOwnProperty":3,"then":4}',
    );
    const copy = decodeValue(encode(value)) as Record<string, unknown>;
    assertEquals(Object.keys(copy), Object.keys(value));
    assertEquals(Object.getOwnPropertyDescriptor(copy, "__proto__")!.value, { polluted: true });
    assertStrictEquals(Object.getPrototypeOf(copy), Object.prototype);
    assertEquals((copy as { polluted?: boolean }).polluted, undefined);
    assertEquals(({} as { polluted?: boolean }).polluted, undefined);
    // It is an ordinary property: it can be changed and deleted.
    delete copy["__proto__"];
    assert(!Object.hasOwn(copy, "__proto__"));
  });

  it("convert an object with a null prototype to an ordinary one", () => {
    const value = Object.assign(Object.create(null), { a: 1 });
    assertEquals(decodeValue(encode(value)), { a: 1 });
  });

  it("convert a Buffer to a Uint8Array", () => {
    const { Buffer } = globalThis as { Buffer?: { from(bytes: number[]): Uint8Array } };
    class MyBytes extends Uint8Array {}
    const buffer = Buffer?.from([1, 2, 3]) ?? new MyBytes([1, 2, 3]);
    const bytes = decodeValue(encode(buffer)) as Uint8Array;
    assertStrictEquals(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    assertEquals([...bytes], [1, 2, 3]);
    // Decoding from a Buffer returns no Buffers either.
    if (Buffer !== undefined) {
      const received = Buffer.from([...encode(Uint8Array.of(7))]);
      const decoded = decodeValue(received) as Uint8Array;
      assertStrictEquals(Object.getPrototypeOf(decoded), Uint8Array.prototype);
    }
  });

  it("duplicate an object that occurs twice", () => {
    const shared = { n: 1 };
    const [a, b] = decodeValue(encode([shared, shared])) as [typeof shared, typeof shared];
    assertEquals(a, b);
    assertNotStrictEquals(a, b);
  });

  it("read each property once, also one with a getter", () => {
    let reads = 0;
    const value = {
      get now() {
        return ++reads;
      },
    };
    assertEquals(decodeValue(encode(value)), { now: 1 });
    assertEquals(reads, 1);
  });

  it("ignore properties that are not enumerable or inherited", () => {
    const value = Object.defineProperty({ a: 1 }, "hidden", { value: () => 1 });
    assertEquals(decodeValue(encode(value)), { a: 1 });
  });

  it("handle a value that encodes another one, or changes itself, while it is encoded", () => {
    const map = new Map<unknown, unknown>();
    map.set(1, {
      get x() {
        map.set(2, 2);
        return decodeValue(encode({ inner: "x".repeat(2000) }));
      },
    });
    map.set(3, 3);
    const copy = decodeValue(encode(map)) as typeof map;
    assertEquals(
      copy,
      new Map<unknown, unknown>([[1, { x: { inner: "x".repeat(2000) } }], [3, 3]]),
    );
    const array: unknown[] = [{
      get x() {
        array.length = 1;
        return 1;
      },
    }, 2];
    assertThrows(
      () => encode(array),
      UnencodableError,
      "value[1]: a hole in an array cannot be stored",
    );
  });

  it("use the real methods of Maps, Sets and Dates, even if they are overridden", () => {
    const map = Object.assign(new Map([[1, 2]]), { forEach: 1, entries: null });
    const set = Object.assign(new Set([1]), { forEach: 1, values: null });
    const date = Object.assign(new Date(5), { getTime: () => 7, valueOf: () => 8 });
    assertEquals(decodeValue(encode([map, set, date])), [
      new Map([[1, 2]]),
      new Set([1]),
      new Date(5),
    ]);
  });

  it("keep random values", () => {
    const random = new Random(5);
    const text = () => String.fromCodePoint(...random.list(8, () => random.below(0xd800)));
    const leaf = (): unknown =>
      random.pick<() => unknown>([
        text,
        () => random.below(2000) - 1000,
        () => random.uint32() * random.uint32(),
        () => random.uint32() / 1024 - 2 ** 21,
        () => BigInt(random.uint32()) ** BigInt(random.below(9)) * (random.once(2) ? 1n : -1n),
        () => random.pick([true, false, null, undefined, NaN, -0, Infinity, -Infinity]),
        () => random.bytes(random.below(40)),
        () => new Date(random.uint32() * random.below(2000) - 1e12),
      ])();
    const make = (depth: number): unknown => {
      if (depth === 0 || random.once(3)) return leaf();
      const inner = () => make(depth - 1);
      return random.pick<() => unknown>([
        () => random.list(5, inner),
        () => Object.fromEntries(random.list(5, () => [text(), inner()])),
        () => new Map(random.list(4, () => [text(), inner()])),
        () => new Set(random.list(4, text)),
      ])();
    };
    for (let i = 0; i < 3000; i++) comesBack([make(5)]);
  });
});
