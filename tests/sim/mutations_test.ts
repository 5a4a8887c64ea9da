import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { PROJECT } from "../support/project_copy.ts";
import { MUTATIONS } from "./mutations.ts";

describe("mutations of the simulator", () => {
  it("each one still fits the code that it breaks", async () => {
    const texts = new Map<string, string>();
    const unfit: string[] = [];
    for (const { name, file, find, replace } of MUTATIONS) {
      const text = texts.get(file) ?? await Deno.readTextFile(new URL(file, PROJECT));
      texts.set(file, text);
      if (text.split(find).length !== 2 || find === replace) unfit.push(name);
    }
    assertEquals(unfit, []);
  });

  it("each one has a name of its own", () => {
    const names = MUTATIONS.map(({ name }) => name);
    assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
  });
});
