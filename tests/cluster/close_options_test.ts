// Runs in Deno alone: pure.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkCloseOptions, type CloseOptions } from "../../lib/cluster/close_options.ts";
import { startCluster } from "../support/real_cluster.ts";

describe("the options of close()", () => {
  const check = (options: unknown) => () => checkCloseOptions(options as CloseOptions);

  it("may be left out", () => {
    for (const options of [{}, { timeout: 0 }, { timeout: Infinity }, { timeout: undefined }]) {
      assertStrictEquals(checkCloseOptions(options), options);
    }
  });

  it("are a TypeError that names what is wrong", async () => {
    for (const timeout of [-1, NaN, "5", null, 5n]) {
      assertThrows(check({ timeout }), TypeError, "close: timeout must be a number");
    }
    assertThrows(check({ time: 1 }), TypeError, "close: unknown option time");
    for (const options of [null, 5, "now"]) {
      assertThrows(check(options), TypeError, "close: options must be an object");
    }
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    assertThrows(() => node.close({ timeout: -1 }), TypeError, "close: timeout");
    assertEquals(node.hasQuorum, true);
  });
});
