/**
 * Replaces `@std/assert` if JSR cannot be reached, and in Node and Bun. Names and arguments are the same;
 * equality is that of `node:assert` (`deepStrictEqual`), which is stricter.
 *
 * @module
 */
import { deepStrictEqual } from "node:assert";

/** The error of every failed assertion. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

// deno-lint-ignore no-explicit-any -- matches every class, with any constructor
type Class<T> = abstract new (...args: any[]) => T;

function text(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return value.name || "a function";
  return String(value);
}

function refuse(what: string, message?: string): never {
  throw new AssertionError(message === undefined ? what : `${what}: ${message}`);
}

function isDeepEqual(actual: unknown, expected: unknown): { equal: boolean; why: string } {
  try {
    deepStrictEqual(actual, expected);
    return { equal: true, why: "" };
  } catch (error) {
    return { equal: false, why: (error as Error).message };
  }
}

/** Fails unless `value` is truthy. */
export function assert(value: unknown, message = ""): asserts value {
  if (!value) refuse(message || `expected a truthy value, got ${text(value)}`);
}

/** Fails unless `value` is falsy. */
export function assertFalse(value: unknown, message = ""): asserts value is false {
  if (value) refuse(message || `expected a falsy value, got ${text(value)}`);
}

/** Fails unless `actual` and `expected` are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  const { equal, why } = isDeepEqual(actual, expected);
  if (!equal) refuse(why, message);
}

/** Fails if `actual` and `expected` are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (isDeepEqual(actual, expected).equal) refuse(`both are ${text(actual)}`, message);
}

/** Fails unless `actual` and `expected` are the same value (`Object.is`). */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  if (!Object.is(actual, expected)) {
    refuse(`expected ${text(expected)} itself, got ${text(actual)}`, message);
  }
}

/** Fails if `actual` and `expected` are the same value (`Object.is`). */
export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  if (Object.is(actual, expected)) refuse(`both are ${text(actual)}`, message);
}

/** Fails if `value` is `undefined` or `null`. */
export function assertExists<T>(value: T, message?: string): asserts value is NonNullable<T> {
  if (value === undefined || value === null) refuse(`got ${text(value)}`, message);
}

/** Fails unless `value` is an instance of `type`. */
export function assertInstanceOf<T>(
  value: unknown,
  type: Class<T>,
  message?: string,
): asserts value is T {
  if (!(value instanceof type)) {
    refuse(`expected an instance of ${text(type)}, got ${text(value)}`, message);
  }
}

/** Fails unless `value` is above `bound`. */
export function assertGreater<T>(value: T, bound: T, message?: string): void {
  if (!(value > bound)) refuse(`expected more than ${text(bound)}, got ${text(value)}`, message);
}

/** Fails unless `value` is at or above `bound`. */
export function assertGreaterOrEqual<T>(value: T, bound: T, message?: string): void {
  if (!(value >= bound)) refuse(`expected at least ${text(bound)}, got ${text(value)}`, message);
}

/** Fails unless `value` is below `bound`. */
export function assertLess<T>(value: T, bound: T, message?: string): void {
  if (!(value < bound)) refuse(`expected less than ${text(bound)}, got ${text(value)}`, message);
}

/** Fails unless `value` is at or below `bound`. */
export function assertLessOrEqual<T>(value: T, bound: T, message?: string): void {
  if (!(value <= bound)) refuse(`expected at most ${text(bound)}, got ${text(value)}`, message);
}

/** Fails unless both numbers are at most `tolerance` apart. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = 1e-7,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  if (!(Math.abs(actual - expected) <= tolerance)) {
    refuse(`expected ${expected} to within ${tolerance}, got ${actual}`, message);
  }
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) {
    refuse(`expected a match of ${expected}, got ${text(actual)}`, message);
  }
}

/** Fails if `actual` matches `expected`. */
export function assertNotMatch(actual: string, expected: RegExp, message?: string): void {
  if (expected.test(actual)) {
    refuse(`expected no match of ${expected}, got ${text(actual)}`, message);
  }
}

/** Fails unless `expected` is a part of `actual`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (!actual.includes(expected)) {
    refuse(`expected ${text(actual)} to include ${text(expected)}`, message);
  }
}

/** Fails unless each of `expected` deeply equals an element of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void {
  const missing = Array.from(expected).filter((wanted) =>
    !Array.from(actual).some((element) => isDeepEqual(element, wanted).equal)
  );
  if (missing.length > 0) refuse(`missing: ${missing.map(text).join(", ")}`, message);
}

/** Fails with `message`. */
export function fail(message?: string): never {
  refuse("failed", message);
}

function checkError<E extends Error>(
  error: unknown,
  type: Class<E> | undefined,
  includes: string | undefined,
  message: string | undefined,
): void {
  if (!(error instanceof Error)) {
    if (type) refuse(`expected an instance of ${text(type)}, got ${text(error)}`, message);
    return;
  }
  if (type && !(error instanceof type)) {
    refuse(`expected an instance of ${text(type)}, got ${error.name}: ${error.message}`, message);
  }
  if (includes !== undefined && !error.message.includes(includes)) {
    refuse(`expected a message with ${text(includes)}, got ${text(error.message)}`, message);
  }
}

/** Fails unless `body` throws; returns the error. */
export function assertThrows(body: () => unknown, message?: string): unknown;
/** Fails unless `body` throws a `type` whose message includes `includes`; returns the error. */
export function assertThrows<E extends Error>(
  body: () => unknown,
  type: Class<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows<E extends Error>(
  body: () => unknown,
  typeOrMessage?: Class<E> | string,
  includes?: string,
  message?: string,
): unknown {
  const type = typeof typeOrMessage === "function" ? typeOrMessage : undefined;
  if (typeof typeOrMessage === "string") message = typeOrMessage;
  try {
    body();
  } catch (error) {
    checkError(error, type, includes, message);
    return error;
  }
  refuse("expected the function to throw", message);
}

/** Fails unless `body` returns a promise that rejects; resolves to the reason. */
export function assertRejects(body: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
/** Fails unless it rejects with a `type` whose message includes `includes`; resolves to the error. */
export function assertRejects<E extends Error>(
  body: () => PromiseLike<unknown>,
  type: Class<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  body: () => PromiseLike<unknown>,
  typeOrMessage?: Class<E> | string,
  includes?: string,
  message?: string,
): Promise<unknown> {
  const type = typeof typeOrMessage === "function" ? typeOrMessage : undefined;
  if (typeof typeOrMessage === "string") message = typeOrMessage;
  let promise: PromiseLike<unknown>;
  try {
    promise = body();
  } catch (error) {
    refuse(`expected a promise that rejects, but the function threw ${text(error)}`, message);
  }
  try {
    await promise;
  } catch (error) {
    checkError(error, type, includes, message);
    return error;
  }
  refuse("expected the promise to reject", message);
}
