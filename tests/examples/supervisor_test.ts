import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { runExample } from "./support/run_example.ts";

describe("examples/supervisor", () => {
  it("has the next leader without waiting for the session of the one that was killed", async () => {
    const output = await runExample("example:supervisor");
    const leaders = Array.from(
      output.matchAll(/^(worker-[123]) leads, token \d+$/gm),
      ([, id]) => id,
    );
    assertEquals(leaders.toSorted(), ["worker-1", "worker-2", "worker-3"], output);
    assertEquals(
      output.match(/^ {2}\d+ ms after the last leader was killed$/gm)?.length,
      2,
      output,
    );
  });
});
