import { describe, it } from "@std/testing/bdd";
// A relative import: the test is about this module, also if JSR can be reached.
import * as assertions from "./assert.ts";

const { AssertionError } = assertions;

/** Independent of the module under test: a broken assertion that never throws would pass its own test. */
function mustThrow(body: () => unknown): void {
  try {
    body();
  } catch (error) {
    if (error instanceof AssertionError && error.name === "AssertionError") return;
    throw error;
  }
  throw new Error(`did not fail: ${body}`);
}

async function mustReject(body: () => Promise<unknown>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (error instanceof AssertionError) return;
    throw error;
  }
  throw new Error(`did not fail: ${body}`);
}

const later = () => Promise.resolve();

describe("the stand-in for @std/assert", () => {
  it("assert() and assertFalse() test truth", () => {
    assertions.assert(1);
    assertions.assertFalse("");
    mustThrow(() => assertions.assert(0));
    mustThrow(() => assertions.assertFalse("x"));
  });

  it("assertEquals() compares deeply: contents, types and sizes", () => {
    const equal: [unknown, unknown][] = [
      [NaN, NaN],
      [{ a: [1, { b: 2n }] }, { a: [1, { b: 2n }] }],
      [{ a: 1, b: 2 }, { b: 2, a: 1 }],
      [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
      [new Set([1, 2]), new Set([2, 1])],
      [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
      [new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
      [new Date(5), new Date(5)],
    ];
    const different: [unknown, unknown][] = [
      [1, 2],
      [1, "1"],
      [1, 1n],
      [null, undefined],
      [{ a: 1 }, { a: 1, b: undefined }],
      [[1, 2], [2, 1]],
      [[1], [1, 2]],
      [[1], { 0: 1 }],
      [new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]])],
      [new Set([1]), new Set([1, 2])],
      [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
      [new Uint8Array([1, 2]), [1, 2]],
      [new Date(5), new Date(6)],
      [new Error("a"), new Error("b")],
    ];
    for (const [a, b] of equal) {
      assertions.assertEquals(a, b);
      mustThrow(() => assertions.assertNotEquals(a, b));
    }
    for (const [a, b] of different) {
      mustThrow(() => assertions.assertEquals(a, b));
      assertions.assertNotEquals(a, b);
    }
  });

  it("assertStrictEquals() tests for the same value", () => {
    const object = {};
    assertions.assertStrictEquals(object, object);
    assertions.assertStrictEquals(NaN, NaN);
    assertions.assertNotStrictEquals(object, {});
    mustThrow(() => assertions.assertStrictEquals(object, {}));
    mustThrow(() => assertions.assertStrictEquals(0, -0));
    mustThrow(() => assertions.assertNotStrictEquals(object, object));
  });

  it("the comparisons include or exclude their bounds", () => {
    assertions.assertGreater(2, 1);
    assertions.assertGreaterOrEqual(1, 1);
    assertions.assertLess(1, 2);
    assertions.assertLessOrEqual(1, 1);
    assertions.assertAlmostEquals(0.1 + 0.2, 0.3);
    assertions.assertAlmostEquals(10, 12, 2);
    mustThrow(() => assertions.assertGreater(1, 1));
    mustThrow(() => assertions.assertGreaterOrEqual(1, 2));
    mustThrow(() => assertions.assertLess(1, 1));
    mustThrow(() => assertions.assertLessOrEqual(2, 1));
    mustThrow(() => assertions.assertLess(NaN, 1));
    mustThrow(() => assertions.assertAlmostEquals(10, 12.1, 2));
    mustThrow(() => assertions.assertAlmostEquals(NaN, 1));
  });

  it("the tests of one value accept it and reject others", () => {
    assertions.assertExists(0);
    assertions.assertInstanceOf(new TypeError(), Error);
    assertions.assertMatch("abc", /b/);
    assertions.assertNotMatch("abc", /d/);
    assertions.assertStringIncludes("abc", "bc");
    assertions.assertArrayIncludes([1, { a: 2 }, 3], [{ a: 2 }, 1]);
    mustThrow(() => assertions.assertExists(null));
    mustThrow(() => assertions.assertExists(undefined));
    mustThrow(() => assertions.assertInstanceOf(new Error(), TypeError));
    mustThrow(() => assertions.assertInstanceOf(null, Error));
    mustThrow(() => assertions.assertMatch("abc", /d/));
    mustThrow(() => assertions.assertNotMatch("abc", /b/));
    mustThrow(() => assertions.assertStringIncludes("abc", "ac"));
    mustThrow(() => assertions.assertArrayIncludes([1, { a: 2 }], [{ a: 3 }]));
    mustThrow(() => assertions.fail("always"));
  });

  it("assertThrows() returns the error, and tests its class and message", () => {
    const error = new RangeError("too far");
    const body = () => {
      throw error;
    };
    assertions.assertStrictEquals(assertions.assertThrows(body), error);
    assertions.assertStrictEquals(assertions.assertThrows(body, RangeError, "far"), error);
    mustThrow(() => assertions.assertThrows(() => {}));
    mustThrow(() => assertions.assertThrows(() => {}, RangeError));
    mustThrow(() => assertions.assertThrows(body, TypeError));
    mustThrow(() => assertions.assertThrows(body, RangeError, "near"));
    mustThrow(() =>
      assertions.assertThrows(() => {
        throw "a string";
      }, Error)
    );
  });

  it("assertRejects() resolves to the error, and tests its class and message", async () => {
    const error = new RangeError("too far");
    const body = () => Promise.reject(error);
    assertions.assertStrictEquals(await assertions.assertRejects(body), error);
    assertions.assertStrictEquals(await assertions.assertRejects(body, RangeError, "far"), error);
    await mustReject(() => assertions.assertRejects(later));
    await mustReject(() => assertions.assertRejects(later, RangeError));
    await mustReject(() => assertions.assertRejects(body, TypeError));
    await mustReject(() => assertions.assertRejects(body, RangeError, "near"));
    // A synchronous exception is not a rejection.
    await mustReject(() =>
      assertions.assertRejects(() => {
        throw error;
      }, RangeError)
    );
  });

  it("a failure contains the given message", () => {
    const error = assertions.assertThrows(() => assertions.assertEquals(1, 2, "of apples"));
    assertions.assertStringIncludes((error as Error).message, "of apples");
  });
});
