import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { runExample } from "./support/run_example.ts";

describe("examples/total-restart", () => {
  it("has every order that was confirmed before all members were killed, twice", async () => {
    const output = await runExample("example:total-restart");
    const starts = Array.from(
      output.matchAll(/^start (\d): (\d+) orders were confirmed, (\d+) are lost$/gm),
      ([, start, confirmed, lost]) => [start, confirmed, lost].map(Number),
    );
    assertEquals(starts.map(([start, , lost]) => [start, lost]), [[1, 0], [2, 0], [3, 0]], output);
    const [first, second, third] = starts.map(([, confirmed]) => confirmed);
    assertEquals(first, 0);
    assert(second > 0 && third > second, output);
  });
});
