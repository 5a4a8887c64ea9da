/**
 * In place of `node:test` where there is none: keeps the tests that files register, to be run later.
 *
 * @module
 */

/** A test of a file. */
export interface Test {
  readonly name: string;
  readonly body: () => Promise<void>;
}

/** All tests so far, in the order of their registration. */
export const tests: Test[] = [];

/** Registers a test. */
export function test(name: string, body: () => Promise<void>): void {
  tests.push({ name, body });
}
