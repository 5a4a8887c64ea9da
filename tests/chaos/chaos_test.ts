import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { KINDS } from "./plan.ts";
import { runChaos } from "./run.ts";

/** Duration of a run in milliseconds; most of it is spent waiting. */
const SESSION_TTL = 500;

/** Phases in which every kind of fault occurs once. */
const PHASES = 9;

describe("five processes and a client, under faults", () => {
  it("keep all guarantees; `deno task chaos` runs longer", async () => {
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
    // A run without operations would prove nothing.
    const { operations, calls, owners, executions } = result.sizes;
    assert(Math.min(operations, 5 * calls, 5 * executions, 20 * owners) > 300, told);
    assertGreater(result.verified, 5, told);
    assertGreater(result.afterKills.length, 3, told);
    await Deno.remove(folder, { recursive: true });
  });
});
