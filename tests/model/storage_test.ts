// Runs in Deno alone: opens the machines that ship, as the other models do.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { STORAGE_MUTATIONS } from "../mutations/model/storage.ts";
import { load, loadBroken } from "./paxos.ts";
import { storageScopes } from "./storage/scopes.ts";
import { StorageWorld } from "./storage/world.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 200_000;

describe("members with disks: section 7 (Storage) holds", () => {
  for (const { scope, states, transitions, ways } of storageScopes) {
    it(`in every state of: ${scope.name}`, async () => {
      const found = new StorageWorld(scope, await load()).search();
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
      assertEquals(found.ways, ways);
    });
  }
});

describe("a scope of members with disks turns red when", () => {
  for (const { name, edits, broken, scope, why } of STORAGE_MUTATIONS) {
    it(name, async () => {
      const { scope: found } = storageScopes.find((one) => one.scope.name === scope)!;
      const world = new StorageWorld({ ...found, broken }, await loadBroken(edits));
      const { violation } = world.search(LIMIT);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", why);
    });
  }
});
