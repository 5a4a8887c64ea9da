import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { STATE_MUTATIONS } from "../mutations/model/states.ts";
import { load, loadBroken } from "./paxos.ts";
import { stateScopes } from "./states/scopes.ts";
import { StatesWorld } from "./states/world.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 100_000;

describe("states of singletons: section 10 holds", () => {
  for (const { scope, states, transitions } of stateScopes) {
    it(`in every state of: ${scope.name}`, async () => {
      const found = new StatesWorld(scope, await load()).search();
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
    });
  }
});

describe("a scope of states turns red when", () => {
  for (const { name, edits, broken, scope, why } of STATE_MUTATIONS) {
    it(name, async () => {
      const found = stateScopes.find((one) => one.scope.name === scope)!;
      const world = new StatesWorld({ ...found.scope, broken }, await loadBroken(edits));
      const { violation } = world.search(LIMIT);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", why);
    });
  }
});
