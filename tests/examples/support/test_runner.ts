/**
 * In place of the test runners that snippets of the documentation import: runs each test at once. A test that fails ends
 * the program.
 *
 * @module
 */

/** A test. */
export function test(_name: string, body: () => void | Promise<void>): void {
  void Promise.resolve().then(body);
}

export default test;
