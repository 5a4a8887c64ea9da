/**
 * Loaded into each test file's process in Node 24, before its test runner: leaves out the hooks by which
 * `node:test` follows every promise, to name the test in which an error was thrown that is caught nowhere. They
 * make code that consists of promises three to five times slower. Such an error still fails the file: the
 * runner reports it at the top level, and ends with an exit code that is not 0.
 *
 * @module
 */
import { createHook } from "node:async_hooks";

Object.getPrototypeOf(createHook({})).enable = function () {
  return this;
};
