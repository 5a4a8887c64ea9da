import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { findTests } from "../../tasks/suites.ts";
import { MUTATIONS as OF_THE_MODEL } from "../model/mutations.ts";
import { MUTATIONS as OF_THE_SIMULATOR } from "../sim/mutations.ts";
import { PROJECT } from "../support/project_copy.ts";
import { MUTATIONS } from "./list.ts";
import { broken } from "./mutation.ts";

/** Those that say a file, and those of the model, which say a module of lib/paxos. */
const ALL = [
  ...MUTATIONS,
  ...OF_THE_SIMULATOR,
  ...OF_THE_MODEL.flatMap(({ name, edits }) =>
    edits.map(({ module, ...edit }) => ({ name, file: `lib/paxos/${module}.ts`, ...edit }))
  ),
];

describe("mutations, those of the simulator and of the model, too", () => {
  it("each one still fits the code that it breaks", async () => {
    const texts = new Map<string, string>();
    const unfit: string[] = [];
    for (const { name, file, find, replace } of ALL) {
      const text = texts.get(file) ?? await Deno.readTextFile(new URL(file, PROJECT));
      texts.set(file, text);
      if (text.split(find).length !== 2 || find === replace) unfit.push(`${file}: ${name}`);
    }
    assertEquals(unfit, []);
  });

  it("each one has a name of its own", () => {
    for (const list of [MUTATIONS, OF_THE_SIMULATOR, OF_THE_MODEL]) {
      const names = list.map(({ name }) => name);
      assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
    }
  });

  it("each one names tests that are there", async () => {
    const files = new Set(await findTests());
    for (const { name, tests } of MUTATIONS) {
      assert(tests.length > 0, name);
      assertEquals(tests.filter((test) => !files.has(test)), [], name);
    }
  });
});

describe("broken", () => {
  const mutation = { section: 3, name: "a", file: "f.ts", find: "yes", replace: "no", tests: [] };

  it("puts the other code in place", () => {
    assertEquals(broken("a yes b", mutation), "a no b");
  });

  for (
    const [why, text, replace] of [["is gone", "a", "no"], ["is there twice", "yes yes", "no"]]
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

  it("refuses what changes nothing", () => {
    let message = "";
    try {
      broken("yes", { ...mutation, replace: "yes" });
    } catch (error) {
      message = (error as Error).message;
    }
    assertEquals(message, '"a" changes nothing');
  });
});
