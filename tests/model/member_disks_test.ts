// Runs in Deno alone: opens the machines that ship, as the other models do.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { DISK_MUTATIONS } from "../mutations/model/disks.ts";
import { diskScopes } from "./members/disk_scopes.ts";
import { MembersWorld } from "./members/world.ts";
import { load, loadBroken } from "./paxos.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 200_000;

describe("members with disks while the members change: sections 7 (Storage) and 11 hold", () => {
  for (const { scope, states, transitions, reaches, ways } of diskScopes) {
    it(`in every state of: ${scope.name}`, async () => {
      const found = new MembersWorld(scope, await load()).search();
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
      assert(found.configurations.includes(reaches), found.configurations.join(", "));
      assertEquals(found.ways, ways);
    });
  }
});

describe("a scope of changing members with disks turns red when", () => {
  for (const { name, edits, broken, scope, why } of DISK_MUTATIONS) {
    it(name, async () => {
      const found = diskScopes.find((one) => one.scope.name === scope)!;
      const world = new MembersWorld({ ...found.scope, broken }, await loadBroken(edits));
      const { violation } = world.search(LIMIT);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", why);
    });
  }
});
