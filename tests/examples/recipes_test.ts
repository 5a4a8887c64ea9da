import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { deno, root, run } from "../../tasks/process.ts";

/** Lines of a program at most. */
const MOST = 40;

/** Time limit for a program, in milliseconds; each takes seconds at most. */
const LIMIT = 180_000;

const folder = `${root}docs/recipes/`;
const names: string[] = [];
for await (const { name } of Deno.readDir(folder)) {
  if (name.endsWith(".ts")) names.push(name.slice(0, -3));
}
names.sort();

/** The content of the first block of `language` in `page`. */
function block(page: string, language: string): string | undefined {
  return page.match(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m"))?.[1];
}

describe("docs/recipes/", () => {
  it("lists every page", async () => {
    const index = await Deno.readTextFile(`${folder}README.md`);
    const listed = [...index.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, name]) => name);
    assertEquals(listed.toSorted(), [...names, "queues"].toSorted());
  });

  for (const name of names) {
    it(`${name}: the page shows the program and what it prints`, async () => {
      const program = await Deno.readTextFile(`${folder}${name}.ts`);
      assert(program.trimEnd().split("\n").length <= MOST, `more than ${MOST} lines`);
      const page = await Deno.readTextFile(`${folder}${name}.md`);
      assertEquals(block(page, "ts"), program);
      const args = ["run", "--no-check", "--no-prompt", "--no-lock", "--allow-read"];
      const ended = await run(deno, [...args, `${folder}${name}.ts`], { timeout: LIMIT });
      assertEquals([ended.code, ended.timedOut], [0, false], ended.output);
      assertEquals(ended.output, block(page, "text"));
    });
  }
});
