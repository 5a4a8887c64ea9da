import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MEMBERS_MUTATIONS } from "../mutations/model/members.ts";
import { deepMembersScopes, membersScopes, openMembersScopes } from "./members/scopes.ts";
import { MembersWorld } from "./members/world.ts";
import { load, loadBroken } from "./paxos.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 200_000;

describe("changes of the members: section 11 holds", () => {
  for (const { scope, states, transitions, reaches } of membersScopes) {
    it(`in every state of: ${scope.name}`, async () => {
      const found = new MembersWorld(scope, await load()).search();
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
      assert(found.configurations.includes(reaches), found.configurations.join(", "));
    });
  }
});

describe("changes of the members, if no former member is known by itself: section 11 holds", () => {
  const together = { module: "member_limits", find: "MAX_FORMER: number = 100;" };
  const edits = [{ ...together, replace: "MAX_FORMER: number = 0;" }];
  for (
    const { scope } of membersScopes.filter(({ scope }) => /added again|beside/.test(scope.name))
  ) {
    it(`in every state of: ${scope.name}`, async () => {
      const found = new MembersWorld(scope, await loadBroken(edits)).search(LIMIT);
      assertEquals(found.violation, null, `\n${found.violation}`);
    });
  }
});

describe("a scope of changing members turns red when", () => {
  const scopes = [
    ...[...membersScopes, ...deepMembersScopes].map(({ scope }) => scope),
    ...openMembersScopes,
  ];
  for (const { name, edits, broken, scope, why } of MEMBERS_MUTATIONS) {
    it(name, async () => {
      const found = scopes.find((one) => one.name === scope)!;
      const world = new MembersWorld({ ...found, broken }, await loadBroken(edits));
      const { violation } = world.search(LIMIT);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", why);
    });
  }
});
