import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess } from "@std/assert";
import { Random } from "../../testing/random.ts";
import { drawChanges } from "./changes_plan.ts";
import { describePhase, type Phase } from "./plan.ts";

const ALL = ["m1", "m2", "m3", "m4", "m5"];
const CAST = { members: ALL, clients: ["c1"], sessionTtl: 1_000 };

function draw(seed: string, count: number): Phase[] {
  const phases = drawChanges(CAST, new Random(seed));
  return Array.from({ length: count }, () => phases.next().value);
}

/** The changes among some phases. */
function changesOf(phases: readonly Phase[]) {
  return phases.flatMap((phase) =>
    "change" in phase && phase.change !== undefined ? [{ ...phase, change: phase.change }] : []
  );
}

describe("drawChanges()", () => {
  it("draws the same phases for the same seed, and others for another one", () => {
    const [one, same, other] = ["1", "1", "2"].map((seed) => draw(seed, 50).map(describePhase));
    assertEquals(one, same);
    assertEquals(one.join() === other.join(), false);
  });

  it("grows from one to three and to all, shrinks to the last two, grows again, and goes on from there", () => {
    for (let seed = 0; seed < 50; seed++) {
      const changes = changesOf(draw(`${seed}`, 100)).map(({ change }) => change);
      const lists = changes.map(({ to }) => to.join(" "));
      assertEquals(changes[0].from, ["m1"]);
      assertEquals(lists.slice(0, 4), ["m1 m2 m3", ALL.join(" "), "m4 m5", ALL.join(" ")]);
      for (let i = 1; i < changes.length; i++) assertEquals(changes[i].from, changes[i - 1].to);
      for (const { from, to } of changes) {
        assert(to.length > 0 && new Set(to).size === to.length);
        assert([...from].sort().join() !== [...to].sort().join(), "it changes");
      }
      const sizes = new Set(changes.map(({ to }) => to.length));
      assertEquals([...sizes].sort(), [1, 2, 3, 4, 5]);
    }
  });

  it("impairs at most one member during a change, which stays one, of at least three; and another node asks", () => {
    let impaired = 0;
    for (const { change: { caller, from, to }, faults } of changesOf(draw("3", 3_000))) {
      assertLess(faults.length, 2);
      for (const fault of faults) {
        impaired++;
        assert(fault.node !== caller && fault.kind !== "replace");
        assert(from.includes(fault.node) && to.includes(fault.node));
        assert(Math.min(from.length, to.length) >= 3);
      }
    }
    assert(impaired > 100, `${impaired}`);
  });

  it("impairs fewer than half of the present members between changes, and lets no majority forget", () => {
    let list = ["m1"];
    let blows = 0;
    for (const phase of draw("4", 3_000)) {
      if ("blow" in phase) {
        blows++;
        const { blow } = phase;
        assert(blow.kind !== "forget" && list.length >= 3);
        if (blow.kind !== "no majority") continue;
        assertEquals(blow.groups.flat().sort(), ["c1", ...ALL].sort());
        for (const group of blow.groups) {
          assertLess(group.filter((id) => list.includes(id)).length, list.length / 2 + 0.5);
        }
        continue;
      }
      if (phase.change !== undefined) {
        list = [...phase.change.to];
        continue;
      }
      const nodes = phase.faults.map(({ node }) => node);
      assertEquals(new Set(nodes).size, nodes.length);
      assert(nodes.every((id) => list.includes(id)));
      assertLess(nodes.length, list.length / 2);
    }
    assert(blows > 20, `${blows}`);
  });
});
