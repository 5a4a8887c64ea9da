// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memberState } from "../../../lib/node/membership/member_state.ts";
import { type Configuration, firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { Place } from "../../../lib/paxos/place.ts";
import { Voter } from "../../../lib/paxos/voter.ts";

const FIRST = firstConfiguration(["a", "b"], ["1", "1"]);
const RECORD = { id: "g", lives: ["1", "1"], floor: 0, maxTtl: 1_000, clients: true };

function placeOf(self: string, configuration: Configuration, remembers = false): Place {
  const place = new Place(self, "1", configuration);
  const settings = { members: ["a", "b"], maxKeys: 1, maxBytes: 1 };
  if (remembers) place.remember(new Voter(RECORD, "1", settings), []);
  return place;
}

describe("memberState()", () => {
  it("is blank before a node of the given list knows a cluster", () => {
    assertEquals([memberState(null, true), memberState(null, false)], ["blank", null]);
  });

  it("follows the place in the cluster, whatever list was given", () => {
    for (const founds of [true, false]) {
      assertEquals(memberState(placeOf("a", FIRST, true), founds), "operational");
      assertEquals(memberState(placeOf("a", FIRST), founds), "recovering");
      const joining = { ...FIRST, epoch: 1, joining: { id: "c", life: "1" }, settled: false };
      assertEquals(memberState(placeOf("c", joining), founds), "recovering");
      assertEquals(memberState(placeOf("c", FIRST), founds), null);
    }
  });
});
