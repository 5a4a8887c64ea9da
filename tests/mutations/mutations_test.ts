import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { findTests } from "../../tasks/suites.ts";
import { EDITS, readSources } from "./all.ts";
import { describeMisfit, misfitOf } from "./fit.ts";
import { MUTATIONS } from "./list.ts";
import { MUTATIONS as OF_THE_MODEL } from "./model/list.ts";
import { broken } from "./mutation.ts";
import { MUTATIONS as OF_THE_SIMULATOR } from "./sim/list.ts";

describe("mutations, including those of the simulator and of the model", () => {
  it("each one fits the code that it changes", async () => {
    const sources = await readSources();
    const misfits = EDITS.map((edit) => misfitOf(edit, sources)).filter((one) => one !== null);
    assertEquals(misfits.map(describeMisfit), []);
  });

  it("each one has a unique name", () => {
    for (const list of [MUTATIONS, OF_THE_SIMULATOR, OF_THE_MODEL]) {
      const names = list.map(({ name }) => name);
      assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
    }
  });

  it("each one names existing tests", async () => {
    const files = new Set(await findTests());
    for (const { name, tests } of MUTATIONS) {
      assert(tests.length > 0, name);
      assertEquals(tests.filter((test) => !files.has(test)), [], name);
    }
  });
});

describe("broken()", () => {
  const mutation = { name: "a", file: "f.ts", find: "yes", replace: "no" };

  it("replaces the code", () => {
    assertEquals(broken("a yes b", mutation), "a no b");
  });

  for (
    const [what, text, replace, why] of [
      ["code that is missing", "a", "no", "its code occurs 0 times, not once"],
      ["code that occurs twice", "yes yes", "no", "its code occurs 2 times, not once"],
      ["a mutation that changes nothing", "yes", "yes", "it changes nothing"],
    ]
  ) {
    it(`refuses ${what}, and names it`, () => {
      assertThrows(
        () => broken(text, { ...mutation, replace }),
        Error,
        `"a" does not fit f.ts: ${why}`,
      );
    });
  }
});
