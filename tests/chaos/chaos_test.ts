import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { KINDS } from "./plan.ts";
import { runChaos } from "./run.ts";

/** Of the seconds that a run takes, most are spent waiting. */
const SESSION_TTL = 500;

/** In so many phases every kind of fault comes once. */
const PHASES = 9;

describe("five processes and a client, while a nemesis is at work", () => {
  it("keep all promises; `deno task chaos` does this for longer", async () => {
    const folder = await Deno.makeTempDir({ prefix: "synod-chaos-" });
    const lines = [`logs in ${folder}`];
    const result = await runChaos({
      seed: "1",
      over: "webSocket",
      phases: PHASES,
      sessionTtl: SESSION_TTL,
      folder,
      print: (line) => void lines.push(line),
    });
    const told = lines.join("\n");
    assertEquals(result.violations, [], told);
    for (const kind of KINDS) assertGreater(result.faults[kind] ?? 0, 0, `${kind}: ${told}`);
    // Where nothing is done, nothing can go wrong.
    const { operations, calls, owners, executions } = result.sizes;
    assert(Math.min(operations, 5 * calls, 5 * executions, 20 * owners) > 300, told);
    assertGreater(result.verified, 5, told);
    assertGreater(result.afterKills.length, 3, told);
    await Deno.remove(folder, { recursive: true });
  });
});
