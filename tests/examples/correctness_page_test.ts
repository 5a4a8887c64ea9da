import { assert } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { root } from "../../tasks/process.ts";
import { EDITS } from "../mutations/all.ts";

describe("docs/correctness.md", () => {
  it("tells of no more mutations than there are", async () => {
    const page = await Deno.readTextFile(`${root}docs/correctness.md`);
    const told = Number(page.match(/over ([\d,]+) of them/)?.[1].replace(",", ""));
    assert(told > 0 && told < EDITS.length, `${told} are told, ${EDITS.length} exist`);
  });

  it("names tasks that exist", async () => {
    const page = await Deno.readTextFile(`${root}docs/correctness.md`);
    const { tasks } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
    const named = [...page.matchAll(/deno task ([\w:]+)/g)].map(([, name]) => name);
    assert(named.length > 5);
    for (const name of named) assert(name in tasks, name);
  });
});
