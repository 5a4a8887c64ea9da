import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { findTests } from "../../tasks/suites.ts";
import { MUTATIONS as OF_THE_MODEL } from "./model/list.ts";
import { MUTATIONS as OF_THE_SIMULATOR } from "./sim/list.ts";
import { PROJECT } from "../support/project_copy.ts";
import { MUTATIONS } from "./list.ts";
import { broken } from "./mutation.ts";

/** All mutations by file; those of the model name a module of lib/paxos. */
const ALL = [
  ...MUTATIONS,
  ...OF_THE_SIMULATOR,
  ...OF_THE_MODEL.flatMap(({ name, edits }) =>
    edits.map(({ module, ...edit }) => ({ name, file: `lib/paxos/${module}.ts`, ...edit }))
  ),
];

describe("mutations, including those of the simulator and of the model", () => {
  it("each one fits the code that it changes", async () => {
    const texts = new Map<string, string>();
    const unfit: string[] = [];
    for (const { name, file, find, replace } of ALL) {
      const text = texts.get(file) ?? await Deno.readTextFile(new URL(file, PROJECT));
      texts.set(file, text);
      if (text.split(find).length !== 2 || find === replace) unfit.push(`${file}: ${name}`);
    }
    assertEquals(unfit, []);
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

describe("broken", () => {
  const mutation = { section: 3, name: "a", file: "f.ts", find: "yes", replace: "no", tests: [] };

  it("replaces the code", () => {
    assertEquals(broken("a yes b", mutation), "a no b");
  });

  for (
    const [why, text, replace] of [["is missing", "a", "no"], ["occurs twice", "yes yes", "no"]]
  ) {
    it(`refuses code that ${why}`, () => {
      let message = "";
      try {
        broken(text, { ...mutation, replace });
      } catch (error) {
        message = (error as Error).message;
      }
      assert(message.includes("not once"));
    });
  }

  it("refuses a mutation that changes nothing", () => {
    let message = "";
    try {
      broken("yes", { ...mutation, replace: "yes" });
    } catch (error) {
      message = (error as Error).message;
    }
    assertEquals(message, '"a" changes nothing');
  });
});
