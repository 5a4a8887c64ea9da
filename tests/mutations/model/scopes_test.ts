import { assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { findBroken } from "../../model/find_broken.ts";
import { MUTATIONS } from "./list.ts";
import { loadBroken } from "../../model/paxos.ts";

describe("a scope turns red when", () => {
  for (const mutation of MUTATIONS.filter(({ isSlow }) => !isSlow)) {
    it(mutation.name, async () => {
      const { violation } = await findBroken(mutation);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", mutation.why);
    });
  }
});

describe("the mutations whose search takes long (deno task model --mutants)", () => {
  it("fit the code that they change", async () => {
    for (const { edits } of MUTATIONS.filter(({ isSlow }) => isSlow)) {
      await loadBroken(edits);
    }
  });
});
