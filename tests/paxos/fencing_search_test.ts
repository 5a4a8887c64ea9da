import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Random } from "../sim/random.ts";
import { SessionHistory, type Sights } from "./support/fencing_search.ts";

const HISTORIES = 6_000;

describe("sessions and the nodes that fence them (section 6)", () => {
  it("a session that a quorum fenced is never valid again, with any late message", () => {
    const sights: Sights = { granted: 0, ended: 0, crashes: 0, forgotten: 0 };
    for (let seed = 0; seed < HISTORIES; seed++) {
      const history = new SessionHistory(new Random(`sessions ${seed}`), sights);
      history.run();
      assertEquals(history.violations, [], `seed ${seed}`);
    }
    // The search has covered the cases that matter.
    assert(sights.granted > HISTORIES && sights.ended > HISTORIES, JSON.stringify(sights));
    assert(sights.crashes > HISTORIES / 4, JSON.stringify(sights));
    assert(sights.forgotten > HISTORIES / 100, JSON.stringify(sights));
  });
});
