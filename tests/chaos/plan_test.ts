import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Random } from "../../testing/random.ts";
import { describePhase, drawPhases, KINDS, type Phase } from "./plan.ts";

const cast = { members: ["m1", "m2", "m3", "m4", "m5"], clients: ["c1"], sessionTtl: 1_000 };

function draw(seed: string, count: number): Phase[] {
  const phases = drawPhases(cast, new Random(seed));
  return Array.from({ length: count }, () => phases.next().value);
}

describe("drawPhases()", () => {
  it("draws the same phases for the same seed, and others for another one", () => {
    const [one, same, other] = ["1", "1", "2"].map((seed) => draw(seed, 50).map(describePhase));
    assertEquals(one, same);
    assertEquals(one.join() === other.join(), false);
  });

  it("draws every kind in the first nine phases", () => {
    for (let seed = 0; seed < 100; seed++) {
      const drawn = draw(`${seed}`, 9).flatMap((phase) =>
        "blow" in phase ? [phase.blow.kind] : phase.faults.map(({ kind }) => kind)
      );
      for (const kind of KINDS) assert(drawn.includes(kind as never), `${seed}: no ${kind}`);
    }
  });

  it("gives a node one fault at a time, and a majority of the members none", () => {
    for (const phase of draw("3", 2_000)) {
      if ("blow" in phase) continue;
      const nodes = phase.faults.map(({ node }) => node);
      assertEquals(new Set(nodes).size, nodes.length, "one fault for a node at a time");
      assertLessOrEqual(nodes.filter((id) => cast.members.includes(id)).length, 2);
    }
  });

  it("leaves no group a majority, no member awake, or no majority its memory, with a blow", () => {
    for (const phase of draw("4", 2_000)) {
      if (!("blow" in phase)) continue;
      const { blow } = phase;
      if (blow.kind === "no majority") {
        const members = blow.groups.map((group) => group.filter((id) => id !== "c1"));
        for (const group of members) assertLessOrEqual(group.length, 2);
        assertEquals(members.flat().sort(), cast.members);
      }
      if (blow.kind === "forget") assert(new Set(blow.nodes).size >= 3);
    }
  });
});
