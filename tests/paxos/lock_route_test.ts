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
    assertEquals(route("h", "ii", 2), "to h");
    assertEquals(route("c", "ii", Infinity), "to c");
  });

  it("leads to the next one, if the holder releases it before a message arrives", () => {
    assertEquals(route("h", "ij", 1), "to i");
    assertEquals(route("h", "ii", 1), "to i");
  });

  it("leads to the next one, if this node is releasing it", () => {
    assertEquals(route("c", "ij", Infinity, true), "to i");
  });

  it("is this node's own turn, if that comes soon", () => {
    assertEquals(route("c", "ij", 3), "turn");
    assertEquals(route("h", "icj", 1), "turn");
    assertEquals(route("h", "ijc", 1), "to i");
    assertEquals(route("h", "icj", 2), "to h");
    assertEquals(route("h", "iiiiiiic", 1), "to i");
    assertEquals(route("c", "ic", 1, true), "turn");
  });

  it("leads to the first holder, if less than two requests wait", () => {
    assertEquals(route("h", "i", 1), "to h");
    assertEquals(route("c", "i", Infinity, true), "to c");
    assertEquals(route("c", "i", 1), "to c");
    assertEquals(route("h", "c", 1), "to h");
    assertEquals(route("h", "", 1), "to h");
  });

  it("is soon up to three round trips", () => {
    assertEquals([isSoon(0, 3), isSoon(0, 3.1), isSoon(2, 1), isSoon(3, 1)], [
      ...[true, false, true, false],
    ]);
  });
});
