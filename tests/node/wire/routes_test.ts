// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { beforeEach, describe, it } from "@std/testing/bdd";
import { type Reachability, Routes } from "../../../lib/node/wire/routes.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

describe("Routes", () => {
  const members = ["n1", "n2", "n3"];
  let time: VirtualTime;
  let known: Record<string, Reachability>;
  let ways: Routes;

  /** The routes of `self`, which is connected to the others as given by `known`; by default `unknown`. */
  function waysOf(self: string): Routes {
    const way = (to: string) => known[to] ?? "unknown";
    return new Routes({ self, members: () => members, runtime: time.runtime, reachability: way });
  }

  beforeEach(() => {
    time = new VirtualTime();
    known = { n1: "direct", n2: "none", n3: "none" };
    ways = waysOf("c");
  });

  const direct = { direct: true, via: undefined };
  const relayed = { direct: false, via: "n1" };
  const both = { direct: true, via: "n1" };

  it("take an existing connection, and also a member when it stays silent", () => {
    known.t = "direct";
    assertEquals([0, 1, 2, 3].map((n) => ways.choose("t", n)), [direct, direct, both, both]);
    assertEquals(ways.once("t"), direct);
  });

  it("take a member at once without a connection", () => {
    known.t = "none";
    assertEquals([0, 1, 2].map((n) => ways.choose("t", n)), [relayed, relayed, relayed]);
    assertEquals(ways.once("t"), relayed);
  });

  it("try directly first when the connection is unknown, then both", () => {
    assertEquals([0, 1, 2].map((n) => ways.choose("t", n)), [direct, both, both]);
  });

  it("take both when the connection is unknown and the message is sent once", () => {
    assertEquals(ways.once("t"), both);
  });

  it("when the connection is unknown, take the proven route for five seconds; then directly first again", async () => {
    ways.relayedBy("t", "n1");
    assertEquals(ways.choose("t", 0), relayed);
    await time.pass(4_000);
    // Continued answers by this route do not prove that there is no better one.
    ways.relayedBy("t", "n1");
    assertEquals(ways.choose("t", 0), relayed);
    await time.pass(1_000);
    assertEquals(ways.choose("t", 0), direct);
    ways.relayedBy("t", "n1");
    assertEquals(ways.choose("t", 0), relayed);
  });

  it("have no other route without a connected member, nor to the node itself", () => {
    known = { n1: "none", n2: "none", n3: "none", t: "none" };
    assertEquals([ways.choose("t", 0), ways.choose("t", 5), ways.once("t")], [
      direct,
      direct,
      direct,
    ]);
    known = { n1: "direct", c: "none" };
    assertEquals([ways.choose("c", 0), ways.choose("c", 5), ways.once("c")], [
      direct,
      direct,
      direct,
    ]);
  });

  it("never go through the node itself, nor through the destination", () => {
    known = { n1: "direct", n2: "direct", n3: "none" };
    ways = waysOf("n1");
    assertEquals(ways.choose("n3", 0), { direct: false, via: "n2" });
    known.n3 = "direct";
    assertEquals(ways.choose("n2", 2), { direct: true, via: "n3" });
  });

  it("prefer a member that is connected over one that may be", () => {
    known = { n3: "direct", t: "none" };
    assertEquals(ways.choose("t", 0).via, "n3");
    known = { n1: "none", n3: "none", t: "none" };
    assertEquals(ways.choose("t", 0).via, "n2");
  });

  it("stay with a member while it answers, and try the next one when it does not", () => {
    known = { n1: "direct", n2: "direct", n3: "direct", t: "none" };
    const first = ways.choose("t", 0).via!;
    assertEquals([0, 0, 0].map((n) => ways.choose("t", n).via), [first, first, first]);
    const round = [1, 2, 3].map((n) => ways.choose("t", n).via!);
    assertEquals(round[2], first);
    assertEquals(round.toSorted(), members);
  });

  it("begin with any of the members", () => {
    known = { n1: "direct", n2: "direct", n3: "direct" };
    const firsts = Array.from({ length: 50 }, (_, n) => {
      known[`t${n}`] = "none";
      return ways.choose(`t${n}`, 0).via;
    });
    assertEquals([...new Set(firsts)].toSorted(), members);
  });

  it("unreachable() names another member to ask, the same one for all waiting requests", () => {
    known = { n1: "direct", n2: "direct", n3: "none", t: "none" };
    const first = ways.choose("t", 0).via!;
    const other = first === "n1" ? "n2" : "n1";
    assertEquals([1, 2, 3].map(() => ways.unreachable("t", first)), [other, other, other]);
    assertEquals(ways.choose("t", 0).via, other);
    // There was a connection a moment ago: it may exist again.
    assertEquals(ways.unreachable("t", other), first);
  });

  it("unreachable() names no member when there is no other one", () => {
    known.t = "none";
    assertEquals(ways.choose("t", 0).via, "n1");
    assertEquals(ways.unreachable("t", "n1"), undefined);
  });

  it("unreachable() ends a proven route", () => {
    known = { n1: "direct", n2: "direct", n3: "none" };
    ways.relayedBy("t", "n1");
    assertEquals(ways.choose("t", 0), relayed);
    assertEquals(ways.unreachable("t", "n1"), "n2");
    assertEquals(ways.choose("t", 0), direct);
  });

  it("go through the member that passed on the last message", () => {
    known = { n1: "direct", n2: "direct", n3: "direct", t: "none" };
    for (const member of members) {
      ways.relayedBy("t", member);
      assertEquals(ways.choose("t", 0).via, member);
    }
  });

  it("are remembered for the latest 10,000 nodes", () => {
    known = { n1: "direct", n2: "direct", n3: "direct" };
    for (let n = 0; n <= 10_000; n++) ways.relayedBy(`t${n}`, "n2");
    assertEquals(ways.choose("t0", 0), direct);
    assertEquals(ways.choose("t1", 0), { direct: false, via: "n2" });
  });
});
