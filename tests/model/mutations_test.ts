import { assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { findBroken } from "./find_broken.ts";
import { MUTATIONS } from "./mutations.ts";
import { loadBroken } from "./paxos.ts";

describe("a scope turns red when", () => {
  for (const mutation of MUTATIONS.filter(({ isSlow }) => !isSlow)) {
    it(mutation.name, async () => {
      const { violation } = await findBroken(mutation);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", mutation.why);
    });
  }
});

describe("the rules that take longer to break", () => {
  it("stand where they are broken: deno task model --mutants", async () => {
    for (const { edits } of MUTATIONS.filter(({ isSlow }) => isSlow)) {
      await loadBroken(edits);
    }
  });
});
