import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Random } from "../sim/random.ts";
import { SessionHistory, type Sights } from "./fencing_search.ts";

const HISTORIES = 6_000;

describe("sessions and those who fence them (section 6)", () => {
  it("a session that a quorum fenced is never valid again, whatever comes late", () => {
    const sights: Sights = { granted: 0, ended: 0, crashes: 0, forgotten: 0 };
    for (let seed = 0; seed < HISTORIES; seed++) {
      const history = new SessionHistory(new Random(`sessions ${seed}`), sights);
      history.run();
      assertEquals(history.violations, [], `seed ${seed}`);
    }
    // It has seen what it is about.
    assert(sights.granted > HISTORIES && sights.ended > HISTORIES, JSON.stringify(sights));
    assert(sights.crashes > HISTORIES / 4, JSON.stringify(sights));
    assert(sights.forgotten > HISTORIES / 100, JSON.stringify(sights));
  });
});
