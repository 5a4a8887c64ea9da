import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, root, run } from "../../tasks/process.ts";

describe("examples/supervisor", () => {
  it("has the next leader without waiting for the session of the one that was killed", async () => {
    const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
    const [, ...args] = tasks["example:supervisor"].command.split(" ");
    const path = `${root}${args.pop()}`;
    const { code, output, timedOut } = await run(deno, [...args, path], { timeout: 60_000 });
    assertEquals([code, timedOut], [0, false], output);
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
