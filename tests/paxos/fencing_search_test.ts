// Runs in Deno alone: a long search over pure code.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Random } from "../../testing/random.ts";
import { SessionHistory, type Sights } from "./support/fencing_search.ts";

const HISTORIES = 6_000;

/** Histories within which a wrong proof must show. */
const FEW = 300;

const nothing = (): Sights => ({
  granted: 0,
  ended: 0,
  crashes: 0,
  forgotten: 0,
  exits: 0,
  proofs: 0,
});

describe("sessions and the nodes that fence them (section 6)", () => {
  it("a session that a quorum fenced is never valid again, with any late message or proof", () => {
    const sights = nothing();
    for (let seed = 0; seed < HISTORIES; seed++) {
      const history = new SessionHistory(new Random(`sessions ${seed}`), sights);
      history.run();
      assertEquals(history.violations, [], `seed ${seed}`);
    }
    // The search has covered the cases that matter.
    assert(sights.granted > HISTORIES && sights.ended > HISTORIES, JSON.stringify(sights));
    assert(sights.crashes > HISTORIES / 4, JSON.stringify(sights));
    assert(sights.forgotten > HISTORIES / 100, JSON.stringify(sights));
    assert(sights.exits > HISTORIES && sights.proofs > HISTORIES / 2, JSON.stringify(sights));
  });

  for (const wrong of ["early", "wrong life"] as const) {
    it(`a wrong proof shows: ${wrong}`, () => {
      let violations = 0;
      for (let seed = 0; seed < FEW; seed++) {
        const history = new SessionHistory(new Random(`wrong ${seed}`), nothing(), wrong);
        history.run();
        violations += history.violations.length;
      }
      assert(violations > 0);
    });
  }
});
