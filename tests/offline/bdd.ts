/**
 * Stands in for `@std/testing/bdd` where JSR cannot be reached, and in Node and Bun: the part of it
 * that `node:test` has too, under types that fit both. There is deliberately no `skip` and no `only`:
 * a test that did not run has not passed.
 *
 * @module
 */
import * as runner from "node:test";

type Body = () => void | Promise<void>;

/** Groups tests; `body` registers them and runs at once. */
export const describe: (name: string, body: () => void) => void = runner.describe;

/** Registers one test. */
export const it: (name: string, body: Body) => void = runner.it;

/** Runs once before the tests of the group. */
export const beforeAll: (body: Body) => void = runner.before;

/** Runs once after the tests of the group. */
export const afterAll: (body: Body) => void = runner.after;

/** Runs before each test of the group. */
export const beforeEach: (body: Body) => void = runner.beforeEach;

/** Runs after each test of the group. */
export const afterEach: (body: Body) => void = runner.afterEach;
