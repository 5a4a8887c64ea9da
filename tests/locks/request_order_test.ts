import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RequestOrder } from "../../lib/locks/request_order.ts";
import type { NodeShell } from "../../lib/node/shell.ts";

/** A node without parts: nothing here waits for a time. */
const NO_NODE = {} as NodeShell;

const signals = {};

/** The number of requests that it keeps: those before one that comes now. */
function sizeOf(order: RequestOrder): number {
  const last = order.enter();
  let size = 0;
  for (let { before } = last; before !== undefined; { before } = before) size++;
  order.leave(last);
  return size;
}

describe("the order of requests", () => {
  it("keeps no ended requests, even behind one that is not known for a long time", () => {
    const order = new RequestOrder(NO_NODE);
    const stuck = order.enter();
    for (let i = 0; i < 1_000; i++) order.leave(order.enter());
    assertEquals(sizeOf(order), 1);
    const behind = order.enter();
    for (let i = 0; i < 1_000; i++) {
      const turn = order.enter();
      order.known(turn);
      order.leave(turn);
      order.leave(turn);
    }
    assertEquals(sizeOf(order), 2);
    order.known(stuck);
    assertEquals(sizeOf(order), 1);
    order.leave(behind);
    assertEquals(sizeOf(order), 0);
  });

  it("starts requests that pass at the same time one after the other, in the same turn", () => {
    const order = new RequestOrder(NO_NODE);
    const [first, second, third] = [order.enter(), order.enter(), order.enter()];
    const started: number[] = [];
    second.passed = () => void started.push(2);
    third.passed = () => void started.push(3);
    order.known(third);
    order.known(second);
    assertEquals(started, []);
    void order.begin(first, signals, () => void started.push(1));
    assertEquals(started, [1, 2, 3]);
  });

  it("lets a request that has passed start at once", () => {
    const order = new RequestOrder(NO_NODE);
    const [queued, other] = [order.enter(), order.enter()];
    order.known(queued);
    const started: string[] = [];
    void order.begin(other, signals, () => void started.push("other"));
    void order.begin(queued, signals, () => void started.push("queued"));
    assertEquals(started, ["other", "queued"]);
    assertEquals(sizeOf(order), 0);
  });
});
