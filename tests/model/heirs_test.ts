import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HEIR_MUTATIONS } from "../mutations/model/heirs.ts";
import { findBrokenHeir } from "./heirs/find_broken.ts";
import { heirScopes } from "./heirs/scopes.ts";
import { HeirsWorld } from "./heirs/world.ts";
import { load } from "./paxos.ts";

describe("a promise that is handed on: section 3 holds", () => {
  for (const { scope, states, transitions } of heirScopes) {
    it(`in every state of: ${scope.name}`, async () => {
      const found = new HeirsWorld(scope, await load()).search();
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
      assertEquals(found.cases.includes("a write behind a promise that was handed on"), true);
      const isDropped = found.cases.includes("a promise that was handed on is dropped");
      assertEquals(isDropped, scope.tellsLoss === true);
    });
  }
});

describe("a scope of promises that are handed on turns red when", () => {
  for (const mutation of HEIR_MUTATIONS) {
    it(mutation.name, async () => {
      const { violation } = await findBrokenHeir(mutation);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", mutation.why);
    });
  }
});
