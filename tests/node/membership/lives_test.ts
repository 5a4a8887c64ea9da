// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertGreater, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { newLife } from "../../../lib/node/membership/lives.ts";
import { lifeAfter, makeLife } from "../../../lib/paxos/ballot.ts";
import { ScriptedNode } from "../../support/scripted_node.ts";

describe("newLife()", () => {
  it("is above the present life and above another one, also with a clock that went back", () => {
    const { engine } = new ScriptedNode({});
    const later = makeLife(engine.runtime.wallNow() + 1e9, () => 0.5);
    for (const above of [undefined, "", later, lifeAfter(later, () => 0.5)]) {
      const life = newLife(engine, above);
      assertGreater(life, engine.life);
      assertGreater(life, above ?? "");
    }
    engine.changeLife(later);
    assertGreater(newLife(engine), later);
    assertNotEquals(newLife(engine), newLife(engine));
  });
});
