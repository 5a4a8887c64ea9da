import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { startWorkerd } from "../../../tasks/workerd.ts";
import { bundleSuites } from "../suites/bundle_suites.ts";
import type { Report } from "../suites/report.ts";

/** Limit for all tests, in milliseconds: far longer than normal. */
const PATIENCE = 200_000;

/** Tests of the suites at least. */
const TESTS = 200;

describe("the suites over guests, in workerd", () => {
  it("pass: keys, locks, singletons and Web Locks", async () => {
    const folder = await Deno.makeTempDir({ prefix: "synod-workerd-" });
    try {
      await bundleSuites("worker.ts", `${folder}/worker.js`);
      const config = new URL("suites.capnp", import.meta.url);
      await Deno.copyFile(config, `${folder}/config.capnp`);
      await using workerd = await startWorkerd(`${folder}/config.capnp`, {});
      const url = `http://127.0.0.1:${workerd.port}/`;
      const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
      const { passed, failed } = await response.json() as Report;
      assertEquals(failed, []);
      assertGreater(passed.length, TESTS);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});
