/**
 * Loaded into each test file's process in Node, which ends only when nothing is left open: says what
 * is, when three quarters of its time (`SYNOD_TEST_TIMEOUT`, milliseconds) have passed: Node itself takes a
 * while to begin.
 *
 * @module
 */
import process from "node:process";

setTimeout(() => {
  console.log(`still open: ${process.getActiveResourcesInfo().join(", ")}`);
}, Number(process.env.SYNOD_TEST_TIMEOUT) * 0.75).unref();
