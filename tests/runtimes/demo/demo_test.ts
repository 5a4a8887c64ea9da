import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { deno, type Ended, root, run } from "../../../tasks/process.ts";

const AGREED = "Every line is done, by a worker that owned it then, " +
  "and all workers agree on every result.";

describe("examples/demo", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await Deno.makeTempDir({ prefix: "synod-demo-" });
  });

  afterAll(() => Deno.remove(folder, { recursive: true }));

  /** Runs the demo for a file with this content; in Deno, with read permission only. */
  async function demo(content: string): Promise<Ended> {
    const file = `${folder}/${crypto.randomUUID()}.txt`;
    await Deno.writeTextFile(file, content);
    return await run(
      deno,
      ["run", "--no-check", "--no-prompt", "--allow-read", `${root}examples/demo/main.ts`, file],
      { timeout: 60_000 },
    );
  }

  /** The numbers of the table, row by row: claims won, lost, taken over, results. */
  function figures(output: string): { lives: number[][]; all: number[] } {
    const rows = output.matchAll(/^(?:w1|w2|w3|all) +([\d,]+) +([\d,]+) +([\d,]+) +([\d,]+)/gm);
    const lives = Array.from(
      rows,
      ([_, ...cells]) => cells.map((cell) => Number(cell.replaceAll(",", ""))),
    );
    return { all: lives.pop()!, lives };
  }

  it("shares all lines, loses a worker, takes it back, and reports the work of each worker", async () => {
    const lines = Array.from({ length: 600 }, (_, i) => `This is line ${i}, äöü ☃`).join("\n");
    const { code, output, timedOut } = await demo(`${lines}\n`);
    assertEquals([code, timedOut], [0, false], output);
    assertStringIncludes(output, AGREED);
    assertStringIncludes(output, "the 600 lines of");
    const { lives, all } = figures(output);
    // Three workers, one of which has two lives.
    assertEquals(lives.length, 4);
    assertEquals(lives.reduce((sum, [won]) => sum + won, 0), all[0]);
    assertEquals(lives.reduce((sum, row) => sum + row[3], 0), 600);
    assertEquals(all[3], 600);
    assert(all[0] >= 600, "fewer claims than lines");
    const terminated = output.match(/^(w[123]).* terminated$/gm);
    const restarted = output.match(/^(w[123]).* restarted$/gm);
    assertEquals([terminated?.length, restarted?.length], [1, 1], output);
    assertEquals(restarted?.[0].slice(0, 2), terminated?.[0].slice(0, 2));
    // It takes part again: the last lines wait for it.
    assert(lives[3][0] > 0, output);
    assertMatch(output, /^recovery +w[123] started again \S+ ms later, with an empty memory$/m);
    assertMatch(output, /^ +it had its memory back, and a session, after \S+ ms; from then on/m);
    assertMatch(output, /w[123] is back$/m);
    assertMatch(output, /half-way: w[123] is terminated/);
    assertMatch(output, /^contention +[\d,]+ of [\d,]+ claims went to another worker$/m);
    assertMatch(output, /^speed +[\d,]+ claims and publications a second/m);
    assertMatch(output, /^failover +\S/m);
  });

  it("completes a single line, although the worker that claims it is terminated", async () => {
    const { code, output } = await demo("one line, and no line break at its end");
    assertEquals(code, 0, output);
    assertStringIncludes(output, AGREED);
    const [claims, , takenOver, results] = figures(output).all;
    assertEquals(results, 1);
    // Unless the worker published the result before its termination, another worker has taken over the line. If it
    // published it just then, another one may claim the line before it sees the result.
    const left = /1 line that w[123] had claimed and not finished/;
    const none = /left no line behind/;
    assertMatch(output, takenOver === 0 ? none : new RegExp(`${left.source}|${none.source}`));
    assertEquals(claims, 1 + takenOver);
  });

  it("prints plain lines without a terminal", async () => {
    const { output } = await demo("a\nb\r\nc\n\nlast");
    assertStringIncludes(output, "5 of 5 lines are done");
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(output), JSON.stringify(output));
  });

  it("reports an empty file", async () => {
    const { code, output } = await demo("");
    assertEquals(code, 0);
    assertStringIncludes(output, "is empty: there is nothing to share");
  });

  it("exits with 1 and a reason if the file does not exist", async () => {
    const main = `${root}examples/demo/main.ts`;
    const args = ["run", "--no-check", "--allow-read", main, `${folder}/nothing`];
    const { code, output } = await run(deno, args);
    assertEquals(code, 1);
    assertMatch(output, /The demo failed: .*nothing/);
  });
});
