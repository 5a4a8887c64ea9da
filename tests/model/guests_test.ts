import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { GUEST_MUTATIONS, type GuestMutation } from "../mutations/model/guests.ts";
import { findBrokenGuest } from "./guests/find_broken.ts";
import { guestScopes } from "./guests/scopes.ts";
import { GuestWorld } from "./guests/world.ts";
import { load } from "./paxos.ts";

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
  for (const mutation of GUEST_MUTATIONS.filter(({ isSlow }) => !isSlow)) {
    it(mutation.name, async () => {
      const { violation } = await findBrokenGuest(mutation);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", mutation.why);
    });
  }
});

describe("the mutations of guests whose search takes long (deno task model --mutants)", () => {
  it("break what other mutations of guests break, too", () => {
    const text = ({ edits, broken }: GuestMutation) => JSON.stringify([edits, broken]);
    const others = GUEST_MUTATIONS.filter(({ isSlow }) => !isSlow).map(text);
    const slow = GUEST_MUTATIONS.filter(({ isSlow }) => isSlow);
    assertEquals(slow.filter((mutation) => !others.includes(text(mutation))), []);
  });
});
