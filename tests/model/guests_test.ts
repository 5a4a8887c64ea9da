import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { GUEST_MUTATIONS } from "../mutations/model/guests.ts";
import { deepGuestScopes, guestScopes } from "./guests/scopes.ts";
import { GuestWorld } from "./guests/world.ts";
import { load, loadBroken } from "./paxos.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 1_000_000;

describe("operations of a guest that meet two gateways, one of them late: section 13 holds", () => {
  for (const { scope, states, transitions } of guestScopes) {
    it(`in every state of: ${scope.name}`, async () => {
      const found = new GuestWorld(scope, await load()).search();
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
    });
  }
});

describe("a scope of guests turns red when", () => {
  for (const { name, edits, broken, scope, why } of GUEST_MUTATIONS) {
    it(name, async () => {
      const all = [...guestScopes, ...deepGuestScopes];
      const found = all.find((one) => one.scope.name === scope)!;
      const world = new GuestWorld({ ...found.scope, broken }, await loadBroken(edits));
      const { violation } = world.search(LIMIT);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", why);
    });
  }
});
