/**
 * Loaded into each test file's process in Node, which ends only when nothing is left open. It lists what
 * is open when three quarters of the file's time (`SYNOD_TEST_TIMEOUT`, milliseconds) have passed; the rest
 * is for Node's own start.
 *
 * @module
 */
import process from "node:process";

setTimeout(() => {
  console.log(`still open: ${process.getActiveResourcesInfo().join(", ")}`);
}, Number(process.env.SYNOD_TEST_TIMEOUT) * 0.75).unref();
