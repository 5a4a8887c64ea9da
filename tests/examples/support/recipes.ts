import { assert, assertEquals } from "@std/assert";
import { deno, root, run } from "../../../tasks/process.ts";

/** Lines of a program at most. */
const MOST = 40;

/** Time limit for a program, in milliseconds; each takes seconds at most. */
const LIMIT = 180_000;

/** Where the recipes are. */
export const folder = `${root}docs/recipes/`;

/** The content of the first block of `language` in `page`. */
function block(page: string, language: string): string | undefined {
  return page.match(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "m"))?.[1];
}

/** Fails unless the page shows the program and what it prints, with these permissions and this environment. */
export async function checkRecipe(
  name: string,
  permissions: readonly string[] = ["--allow-read"],
  env: Record<string, string> = {},
): Promise<void> {
  const program = await Deno.readTextFile(`${folder}${name}.ts`);
  assert(program.trimEnd().split("\n").length <= MOST, `more than ${MOST} lines`);
  const page = await Deno.readTextFile(`${folder}${name}.md`);
  assertEquals(block(page, "ts"), program);
  const args = ["run", "--quiet", "--no-check", "--no-prompt", "--no-lock", ...permissions];
  const ended = await run(deno, [...args, `${folder}${name}.ts`], { timeout: LIMIT, env });
  assertEquals([ended.code, ended.timedOut], [0, false], ended.output);
  assertEquals(ended.output, block(page, "text"));
}
