// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FREE, type LockEntry, type LockValue } from "../../lib/paxos/lock_register.ts";
import { isSoon, routeOf } from "../../lib/paxos/lock_route.ts";

const entry = (node: string): LockEntry => ({
  ...{ pid: { node, session: `${node}/life/1`, seq: 1 }, request: 1, mode: "exclusive", token: 1 },
});

/** A lock: its holder, and its queue. */
function lock(holder: string, queue: string): LockValue {
  return { holders: [entry(holder)], queue: [...queue].map(entry), term: 1, left: [] };
}

/** The route of a request of the node c. */
function route(holder: string, queue: string, pace: number, leaves = false): string | undefined {
  const to = routeOf(lock(holder, queue), "c", { pace, isLeaving: () => leaves });
  return typeof to === "object" ? `to ${to.to}` : to;
}

describe("the route of a request for a lock (section 9)", () => {
  it("is unknown where nothing holds it", () => {
    assertEquals(routeOf(FREE, "c", { pace: 1, isLeaving: () => false }), undefined);
  });

  it("leads to the first holder, if that holds it for long", () => {
    assertEquals(route("h", "", Infinity), "to h");
    assertEquals(route("h", "ic", Infinity), "to h");
    assertEquals(route("h", "i", 2), "to h");
    assertEquals(route("c", "i", Infinity), "to c");
  });

  it("leads to the next one, if the holder releases it before a message arrives", () => {
    assertEquals(route("h", "ij", 1), "to i");
    assertEquals(route("h", "", 1), "to h");
  });

  it("leads to the next one, if this node is releasing it", () => {
    assertEquals(route("c", "i", Infinity, true), "to i");
    assertEquals(route("c", "", Infinity, true), "to c");
  });

  it("is this node's own turn, if that comes soon", () => {
    assertEquals(route("c", "i", 3), "turn");
    assertEquals(route("h", "ijc", 1), "turn");
    assertEquals(route("h", "ijc", 2), "to h");
    assertEquals(route("h", "iiiiiiic", 1), "to i");
    assertEquals(route("c", "ic", 1, true), "turn");
  });

  it("is soon up to six round trips", () => {
    assertEquals([isSoon(0, 6), isSoon(0, 6.1), isSoon(2, 2), isSoon(3, 2)], [
      ...[true, false, true, false],
    ]);
  });
});
