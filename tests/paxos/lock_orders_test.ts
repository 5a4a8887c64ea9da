// Runs in Deno alone: pure. The model goes through all its states: see tests/model/orders.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LockOrders, MAX_ORDERED, type OrderStep } from "../../lib/paxos/lock_orders.ts";
import type { Route } from "../../lib/paxos/lock_route.ts";
import { FREE, type LockValue } from "../../lib/paxos/lock_register.ts";

const id = (request: number, session = "c/life/1") => ({ session, request });

/** A lock that a node holds, and requests of c that wait for it. */
function held(node: string, ...queue: number[]): LockValue {
  const entry = (session: string, request: number) => ({
    ...{
      pid: { node: session[0], session, seq: 1 },
      request,
      mode: "exclusive",
      token: 1,
    } as const,
  });
  const waiting = queue.map((request) => entry("c/life/1", request));
  return { holders: [entry(`${node}/life/1`, 9)], queue: waiting, term: 7, left: [] };
}

/** A step as text. */
function show({ send, propose }: OrderStep): string {
  const names = (requests: OrderStep["propose"]) =>
    requests.map(({ request }) => request).join(" ");
  const parts = [];
  if (send !== null) parts.push(`to ${send.to} in ${send.term}: ${names(send.requests)}`);
  if (propose.length > 0) parts.push(`propose ${names(propose)}`);
  return parts.join(", ");
}

const start = () => new LockOrders((node) => node !== "c" && node !== "x");

describe("LockOrders (section 9)", () => {
  it("hand a request to the node of the holder, one order after the other", () => {
    const orders = start();
    assertEquals(show(orders.add(id(1), held("h"))), "to h in 7: 1");
    assertEquals(show(orders.add(id(2), held("h"))), "");
    assertEquals(show(orders.add(id(3), held("h"))), "");
    assertEquals(show(orders.learned(held("h"))), "");
    const step = orders.learned(held("h", 1));
    assertEquals([show(step), step.found], ["to h in 7: 2 3", [id(1)]]);
    assertEquals(show(orders.learned(held("i", 2, 3))), "");
    assertEquals([orders.isWaiting, orders.isIdle], [false, true]);
  });

  it("have this node propose if it does not know the holder, or holds the lock, or has no way to it", () => {
    for (const lock of [null, FREE, held("c"), held("x")]) {
      assertEquals(show(start().add(id(1), lock)), "propose 1");
    }
  });

  it("have this node propose what comes behind its own proposals", () => {
    const orders = start();
    assertEquals(show(orders.add(id(1), null)), "propose 1");
    assertEquals(show(orders.add(id(2), held("h"))), "propose 2");
    orders.remove(id(1), null);
    assertEquals(show(orders.add(id(3), held("h"))), "propose 3");
    orders.remove(id(2), null);
    orders.remove(id(3), null);
    assertEquals(orders.isIdle, true);
    assertEquals(show(orders.add(id(4), held("h"))), "to h in 7: 4");
  });

  it("have this node propose everything that waits, in order, after silence and a refusal", () => {
    for (const answer of ["silence", "refused"]) {
      const orders = start();
      orders.add(id(1), held("h"));
      orders.add(id(2), held("h"));
      const step = answer === "silence" ? orders.proposeAll() : orders.refused(held("h"), false);
      assertEquals(show(step), "propose 1 2", answer);
      assertEquals([orders.isWaiting, orders.isIdle], [false, false]);
      assertEquals(show(orders.refused(held("i"), true)), "", "an answer that comes late");
    }
  });

  it("go on to the next holder, up to three times", () => {
    const orders = start();
    orders.add(id(1), held("h"));
    assertEquals(show(orders.refused(held("i"), true)), "to i in 7: 1");
    // Not known yet.
    assertEquals(show(orders.refused(held("i"), true)), "");
    assertEquals(show(orders.add(id(2), held("i"))), "");
    assertEquals(show(orders.learned(held("i"))), "");
    assertEquals(show(orders.learned(held("j"))), "to j in 7: 1 2");
    assertEquals(show(orders.refused(held("h"), true)), "propose 1 2");
  });

  it("wait for this node's turn, and look again with each state", () => {
    let route: Route = "turn";
    const orders = new LockOrders(() => true, () => route);
    assertEquals(show(orders.add(id(1), held("h"))), "");
    assertEquals([orders.isWaiting, orders.awaitsTurn], [true, true]);
    assertEquals(show(orders.add(id(2), held("h"))), "");
    assertEquals(show(orders.lookAgain(held("h"))), "");
    assertEquals(show(orders.learned(held("i"))), "");
    assertEquals(show(orders.proposeAll()), "propose 1 2");
    assertEquals([orders.isWaiting, orders.awaitsTurn], [false, false]);
    orders.remove(id(1), null);
    orders.remove(id(2), null);
    orders.add(id(3), held("h"));
    orders.remove(id(3), held("h"));
    assertEquals([orders.isIdle, orders.awaitsTurn], [true, false]);
    orders.add(id(4), held("h"));
    route = { to: "i" };
    assertEquals(show(orders.lookAgain(held("h"))), "to i in 7: 4");
    assertEquals([orders.awaitsTurn, show(orders.lookAgain(held("h")))], [false, ""]);
    orders.learned(held("i", 4));
    route = "turn";
    orders.add(id(5), held("h"));
    route = { to: "j" };
    assertEquals(show(orders.learned(held("h"))), "to j in 7: 5");
  });

  it("go to the same node again once it has another grant", () => {
    const orders = new LockOrders(() => true, () => ({ to: "h" }));
    orders.add(id(1), held("h"));
    assertEquals(show(orders.refused(held("h"), true)), "");
    assertEquals(show(orders.learned(held("h"))), "");
    const [holder] = held("h").holders;
    const again = { ...held("h"), holders: [{ ...holder, token: 2 }] };
    assertEquals(show(orders.learned(again)), "to h in 7: 1");
  });

  it("go on without a request that has ended", () => {
    const orders = start();
    orders.add(id(1), held("h"));
    orders.add(id(2), held("h"));
    assertEquals(show(orders.remove(id(1), held("h"))), "to h in 7: 2");
    assertEquals(show(orders.remove(id(2), held("h"))), "");
    assertEquals(orders.isIdle, true);
    orders.add(id(3), held("h"));
    orders.refused(held("h"), true);
    orders.remove(id(3), held("h"));
    assertEquals([orders.isWaiting, orders.isIdle], [false, true]);
  });

  it("propose a request that must not wait, behind those before it", () => {
    const orders = start();
    orders.add(id(1), held("h"));
    assertEquals(show(orders.addAtOnce(id(2))), "propose 1 2");
  });

  it("have one session and a bounded number of requests in one order", () => {
    const orders = start();
    orders.add(id(1), held("h"));
    orders.add(id(2), held("h"));
    orders.add(id(3, "c/life/2"), held("h"));
    assertEquals(show(orders.learned(held("h", 1))), "to h in 7: 2");
    assertEquals(show(orders.learned(held("h", 1, 2))), "to h in 7: 3");
    const many = start();
    for (let request = 1; request <= MAX_ORDERED + 2; request++) many.add(id(request), held("h"));
    assertEquals(many.learned(held("h", 1)).send?.requests.length, MAX_ORDERED);
  });
});
