/**
 * Loaded into each test file's process in Node, which ends only when nothing is left open: says what
 * is, one second before its time (`SYNOD_TEST_TIMEOUT`, milliseconds) is up.
 *
 * @module
 */
import process from "node:process";

setTimeout(() => {
  console.log(`still open: ${process.getActiveResourcesInfo().join(", ")}`);
}, Number(process.env.SYNOD_TEST_TIMEOUT) - 1000).unref();
