import { assertEquals } from "@std/assert";
import { deno, root, run } from "../../../tasks/process.ts";

/** Runs an example as its task does; returns what it prints, and fails if its exit code is not 0. */
export async function runExample(task: string): Promise<string> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const [, ...args] = tasks[task].command.split(" ");
  const path = `${root}${args.pop()}`;
  const { code, output, timedOut } = await run(deno, [...args, path], { timeout: 120_000 });
  assertEquals([code, timedOut], [0, false], output);
  return output;
}
