// Runs in Deno alone: pure.
import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  admitted,
  firstConfiguration,
  joinedBy,
  settledOf,
  withoutMember,
} from "../../lib/paxos/configuration.ts";
import { Incarnations, type KnownIncarnations } from "../../lib/paxos/incarnations.ts";
import { MAX_FORMER } from "../../lib/paxos/member_limits.ts";

const FIRST = firstConfiguration(["a", "b"], ["1", "1"]);

/** A life that is later the higher its number is; all are later than those of the members. */
const life = (number: number) => `9${String(number).padStart(6, "0")}`;

/** Knows `FIRST`, and then of one more node at a time: `f0`, `f1` and so on. */
function after(count: number): Incarnations {
  const known = new Incarnations();
  known.follow(FIRST);
  for (let i = 0; i < count; i++) known.raise(`f${i}`, life(i));
  return known;
}

describe("Incarnations: former members (section 11)", () => {
  it("the latest ones are known one by one, and all others together", () => {
    const all = after(MAX_FORMER);
    assertEquals([all.former.length, all.of("f0"), all.of("x")], [MAX_FORMER, life(0), ""]);
    const many = after(MAX_FORMER + 5);
    assertEquals(many.former.length, MAX_FORMER);
    assertEquals([many.of("f5"), many.of(`f${MAX_FORMER + 4}`)], [life(5), life(MAX_FORMER + 4)]);
    for (const one of ["f0", "f4", "x"]) assertEquals(many.of(one), life(4));
    assertEquals([many.of("a"), many.entries], ["1", ["1", "1"]]);
  });

  it("an earlier incarnation of a node that is not known by itself changes nothing", () => {
    const many = after(MAX_FORMER + 5);
    assertEquals(many.raise("f0", life(3)), false);
    assertEquals([many.of("f0"), many.former.length], [life(4), MAX_FORMER]);
    // In place of the earliest one.
    assertEquals(many.raise("f0", life(9_999)), true);
    assertEquals([many.of("f0"), many.of("f5"), many.of("f4")], [life(9_999), life(5), life(5)]);
  });

  it("what stands for all others goes with the rest, and counts for nodes that it does not name", () => {
    const many = after(MAX_FORMER + 5);
    assertEquals(many.rest, [...many.former, ["", life(4)]]);
    assertEquals(many.all, [["a", "1"], ["b", "1"], ...many.former, ["", life(4)]]);
    const other = after(0);
    other.raise("x", life(2));
    other.raise("y", life(7));
    other.raiseAll([["f9", life(9)], ["", life(4)]]);
    assertEquals([other.of("x"), other.of("y")], [life(4), life(7)]);
    assertEquals([other.of("f0"), other.of("f9"), other.of("a")], [life(4), life(9), "1"]);
  });

  it("what is news, of whichever node, shows in another array of entries", () => {
    const known = after(3);
    const { entries } = known;
    known.raiseAll([["f0", life(0)], ["a", "1"]]);
    assertStrictEquals(known.entries, entries);
    known.raiseAll([["f0", life(1)]]);
    assertNotStrictEquals(known.entries, entries);
    const next = known.entries;
    known.raiseAll([["", "1"]]);
    assertNotStrictEquals(known.entries, next);
  });

  it("a member is known by itself from its admission on, however late the others were", () => {
    const many = after(MAX_FORMER + 5);
    const joined = joinedBy(FIRST, { id: "f0", life: "2" });
    many.follow(joined);
    assertEquals([many.of("f0"), many.entries], ["2", ["1", "1", "2"]]);
    many.raise("f0", "3");
    assertEquals(many.entries, ["1", "1", "3"]);
    many.follow(withoutMember(settledOf(admitted(joined)), "f0"));
    assertEquals(many.entries, ["1", "1", "3"]);
    many.follow(settledOf(withoutMember(settledOf(admitted(joined)), "f0")));
    assertEquals([many.of("f0"), many.former.length], [life(4), MAX_FORMER]);
  });

  it("what came with a configuration is known of the nodes that it names", () => {
    const many = after(MAX_FORMER + 5);
    const known: KnownIncarnations = [["f0", "3"], ["x", "3"], ["b", "4"], ["", life(1)]];
    many.follow(joinedBy(FIRST, { id: "f0", life: "2" }), known);
    assertEquals([many.entries, many.of("x")], [["1", "4", "3"], life(4)]);
  });
});
