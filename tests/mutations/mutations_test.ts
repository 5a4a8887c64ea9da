import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { findTests } from "../../tasks/suites.ts";
import { MUTATIONS } from "./list.ts";
import { broken } from "./mutation.ts";

const ROOT = new URL("../../", import.meta.url);

describe("mutations", () => {
  it("each one still fits the code that it breaks", async () => {
    const texts = new Map<string, string>();
    for (const mutation of MUTATIONS) {
      const { file } = mutation;
      let text = texts.get(file);
      if (text === undefined) {
        texts.set(file, text = await Deno.readTextFile(new URL(file, ROOT)));
      }
      assert(broken(text, mutation) !== text);
    }
  });

  it("each one has a name of its own", () => {
    const names = MUTATIONS.map(({ name }) => name);
    assertEquals(names.filter((name, index) => names.indexOf(name) !== index), []);
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
