/**
 * In place of `node:assert` where there is none: what the tests of the suites compare. Strict, by the prototypes
 * and the own enumerable properties, `Map`, `Set` and bytes included.
 *
 * @module
 */

/** Throws unless both are deeply equal. */
export function deepStrictEqual(actual: unknown, expected: unknown): void {
  if (isEqual(actual, expected)) return;
  throw new Error(`${show(actual)} is not deeply equal to ${show(expected)}`);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof Map && b instanceof Map) return isEqual([...a], [...b]);
  if (a instanceof Set && b instanceof Set) return isEqual([...a], [...b]);
  if (a instanceof Error && b instanceof Error && (a.name !== b.name || a.message !== b.message)) {
    return false;
  }
  const keys = Object.keys(a);
  const others = new Set(Object.keys(b));
  if (keys.length !== others.size) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.every((key) => others.has(key) && isEqual(left[key], right[key]));
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? `${inner}n` : inner);
  } catch {
    return String(value);
  }
}
