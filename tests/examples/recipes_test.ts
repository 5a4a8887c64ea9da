import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkRecipe, folder } from "./support/recipes.ts";

/** Those that need a server have tests of their own. */
const WITH_SERVERS = ["fenced-postgres", "fenced-redis"];

const names: string[] = [];
for await (const { name } of Deno.readDir(folder)) {
  if (name.endsWith(".ts")) names.push(name.slice(0, -3));
}
names.sort();

describe("docs/recipes/", () => {
  it("lists every page", async () => {
    const index = await Deno.readTextFile(`${folder}README.md`);
    const listed = [...index.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, name]) => name);
    assertEquals(listed.toSorted(), [...names, "queues"].toSorted());
  });

  for (const name of names.filter((name) => !WITH_SERVERS.includes(name))) {
    it(`${name}: the page shows the program and what it prints`, () => checkRecipe(name));
  }
});
