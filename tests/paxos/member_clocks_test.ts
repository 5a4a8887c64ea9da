import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { MemberClocks } from "../../lib/paxos/member_clocks.ts";

const TTL = 1_000;

describe("MemberClocks (section 8)", () => {
  it("a time has passed once it has passed on the clocks of a majority", () => {
    const clocks = new MemberClocks(["a", "b", "c"]);
    clocks.tell("a", 5_000, TTL, 0);
    assertEquals(clocks.passed(0), -Infinity);
    clocks.tell("b", 3_000, TTL, 0);
    assertEquals(clocks.passed(0), 3_000);
    clocks.tell("c", 90_000, TTL, 0);
    assertEquals(clocks.passed(0), 5_000);
  });

  it("two of four are no majority", () => {
    const clocks = new MemberClocks(["a", "b", "c", "d"]);
    clocks.tell("a", 5_000, TTL, 0);
    clocks.tell("b", 4_000, TTL, 0);
    assertEquals(clocks.passed(0), -Infinity);
    clocks.tell("c", 3_000, TTL, 0);
    clocks.tell("d", 2_000, TTL, 0);
    assertEquals(clocks.passed(0), 3_000);
  });

  it("the clocks advance between two reports", () => {
    const clocks = new MemberClocks(["a", "b", "c"]);
    clocks.tell("a", 5_000, TTL, 100);
    clocks.tell("b", 5_000, TTL, 200);
    assertEquals(clocks.passed(300), 5_100);
  });

  it("the latest report of a member counts, even if its clock went back", () => {
    const clocks = new MemberClocks(["a", "b", "c"]);
    clocks.tell("a", 5_000, TTL, 0);
    clocks.tell("b", 90_000, TTL, 0);
    clocks.tell("b", 4_000, TTL, 0);
    assertEquals(clocks.passed(0), 4_000);
  });

  it("a member that has been silent for the time to live of its session does not count", () => {
    const clocks = new MemberClocks(["a", "b", "c"]);
    clocks.tell("a", 5_000, TTL, 0);
    clocks.tell("b", 5_000, 2 * TTL, 0);
    assertEquals([clocks.passed(TTL - 1), clocks.missing(TTL - 1)], [5_999, ["c"]]);
    assertEquals([clocks.passed(TTL), clocks.missing(TTL)], [-Infinity, ["a", "c"]]);
    assertEquals([clocks.isPresent("a", TTL), clocks.isPresent("b", TTL)], [false, true]);
  });

  it("clients do not count, and leave nothing behind", () => {
    const clocks = new MemberClocks(["a", "b", "c"]);
    clocks.tell("a", 5_000, TTL, 0);
    clocks.tell("client", 9_000, TTL, 0);
    assertEquals([clocks.passed(0), clocks.isPresent("client", 0)], [-Infinity, false]);
  });
});
