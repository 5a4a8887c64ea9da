import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertNotEquals } from "@std/assert";
import { runProgram, RUNTIMES } from "./support/run_program.ts";
import { simulated } from "./support/simulated.ts";

describe("a simulation of one seed", () => {
  for (const runtime of RUNTIMES) {
    it(`is the same run in ${runtime}`, async () => {
      const { code, output } = await runProgram(runtime, "simulated_program.ts");
      assertEquals(code, 0, output);
      const { fingerprint, trace } = JSON.parse(
        output.split("\n").find((line) => line.startsWith("{"))!,
      );
      const here = await simulated(1);
      assertEquals(trace, here.trace);
      assertEquals(fingerprint, here.fingerprint);
    });
  }

  it("is another run than that of another seed", async () => {
    assertNotEquals((await simulated(1)).fingerprint, (await simulated(2)).fingerprint);
  });
});
