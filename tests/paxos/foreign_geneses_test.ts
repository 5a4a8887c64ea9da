// Runs in Deno alone: pure state; disk_start_test.ts has the start that asks.
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Configuration, firstConfiguration } from "../../lib/paxos/configuration.ts";
import { ForeignGeneses } from "../../lib/paxos/foreign_geneses.ts";

const VOTERS = ["a", "b", "c"];

/** The life of the disk, and one after it. */
const [FOUND, LATER] = ["4", "5"];

function told(
  id: string,
  members: string[],
  epoch = 0,
  life = LATER,
): Parameters<ForeignGeneses["tells"]>[0] {
  const lives = members.map(() => life);
  const record = { id, lives };
  if (epoch === 0) return { members, record };
  const configuration: Configuration = { ...firstConfiguration(members, lives), epoch };
  return { members, record, configuration };
}

/** Whether the disk is over if these nodes live under these geneses, after what was told. */
function areAlive(geneses: ReturnType<typeof told>[], lives: Record<string, string>): boolean {
  const foreign = new ForeignGeneses("a", FOUND);
  for (const one of geneses) foreign.tells(one);
  return foreign.areAlive(new Map(Object.entries(lives)), VOTERS);
}

describe("ForeignGeneses", () => {
  it("end a memory that no majority of its members can have", () => {
    assertEquals(areAlive([], {}), false);
    assertEquals(areAlive([], { b: "h" }), false);
    assertEquals(areAlive([], { b: "h", x: "h" }), false);
    assertEquals(areAlive([], { b: "h", c: "i" }), true);
  });

  it("do not end a memory of two members, one of which can help the other back", () => {
    const foreign = new ForeignGeneses("a", FOUND);
    assertEquals(foreign.areAlive(new Map([["b", "h"]]), ["a", "b"]), false);
    assertEquals(foreign.areAlive(new Map([["b", "h"], ["c", "h"]]), ["a", "b", "c", "d"]), true);
  });

  it("end a memory whose member can recover under one of them", () => {
    const geneses = [told("h", ["a", "b", "d"])];
    assertEquals(areAlive(geneses, { b: "h" }), false);
    assertEquals(areAlive(geneses, { b: "i", d: "h" }), false);
    assertEquals(areAlive(geneses, { b: "h", d: "h" }), true);
    // All that it takes to recover in an even list.
    const even = [told("h", ["a", "b", "d", "e"])];
    assertEquals(areAlive(even, { b: "h", d: "h" }), false);
    assertEquals(areAlive(even, { b: "h", d: "h", e: "h" }), true);
  });

  it("end no memory of a member that is none of theirs", () => {
    assertEquals(areAlive([told("h", ["b"])], { b: "h" }), false);
    assertEquals(areAlive([told("h", ["b", "d", "e"])], { b: "h", d: "h", e: "h" }), false);
    assertEquals(areAlive([told("h", ["a"])], {}), false);
  });

  it("end no memory of a member that they had before", () => {
    for (const before of [FOUND, "1"]) {
      const older = [told("h", ["a", "b", "d"], 0, before)];
      assertEquals(areAlive(older, { b: "h", d: "h" }), false, before);
      assertEquals(areAlive([told("h", ["a", "b"], 2, before)], { b: "h" }), false, before);
    }
    const foreign = new ForeignGeneses("a", FOUND);
    foreign.tells(told("h", ["a", "b", "d"], 0, FOUND));
    assertEquals(foreign.nodes, []);
  });

  it("end no memory of a node that only joins them", () => {
    const foreign = new ForeignGeneses("a", FOUND);
    const { record, configuration } = told("h", ["b", "d"], 1);
    assert(configuration !== undefined);
    const joining = { ...configuration, joining: { id: "a", life: LATER }, settled: false };
    foreign.tells({ members: ["b", "d"], record, configuration: joining });
    assertEquals(foreign.nodes, []);
  });

  it("are remembered up to a bound, those that were told last", () => {
    const foreign = new ForeignGeneses("a", FOUND);
    foreign.tells(told("first", ["a", "b"]));
    for (let i = 0; i < 1_000; i++) {
      foreign.tells(told(`h${i}`, ["a", `x${i}`]));
      if (i < 10) foreign.tells(told("first", ["a", "b"]));
      assertLessOrEqual(foreign.nodes.length, 8);
      if (i < 10) assertEquals(foreign.nodes.at(-1), "b");
    }
  });

  it("have the members of the newest configuration, as far as they have this one", () => {
    const foreign = new ForeignGeneses("a", FOUND);
    foreign.tells(told("h", ["a", "b", "d"]));
    assertEquals(foreign.nodes, ["b", "d"]);
    foreign.tells(told("h", ["a", "e"], 2));
    foreign.tells(told("h", ["a", "f"], 1));
    assertEquals(foreign.nodes, ["e"]);
    foreign.tells(told("h", ["e", "f"], 3));
    foreign.tells(told("i", ["a", "b"]));
    assertEquals(foreign.nodes, ["b"]);
  });
});
