// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LockRequest } from "../../lib/locks/lock_request.ts";
import { Owner } from "../../lib/owners/owner.ts";

/** A request, and the reasons with which it was over. */
function start() {
  const owner = new Owner({ node: "n", session: "n/x/1", seq: 1 });
  const request = new LockRequest("l1", owner, 5, { mode: "shared", label: "a".repeat(70) }, 7.5);
  const over: unknown[] = [];
  request.onOver((reason) => over.push(reason));
  return { request, over };
}

describe("LockRequest", () => {
  it("holds nothing, and has sent nothing, at first", () => {
    const { request } = start();
    const { register, number, mode, token, holds, firstAccept, seen } = request;
    assertEquals([register, number, mode, token, holds], ["l1", 5, "shared", 0, false]);
    assertEquals([firstAccept, seen], [undefined, undefined]);
  });

  it("has an entry with the whole milliseconds of its time, and the beginning of its label", () => {
    const { request } = start();
    const { owner: { pid }, entry } = request;
    const label = "a".repeat(64);
    assertEquals(entry, { pid, request: 5, mode: "shared", token: 0, since: 7, label });
    assertEquals(request.label, "a".repeat(70));
  });

  it("has an entry with its permits", () => {
    const owner = new Owner({ node: "n", session: "n/x/1", seq: 1 });
    const request = new LockRequest("l1", owner, 5, { mode: "shared", permits: 3 }, 7);
    const { pid } = owner;
    assertEquals(request.entry, {
      ...{ pid, request: 5, mode: "shared", permits: 3, token: 0, since: 7 },
    });
  });

  it("is over once, with the first reason, if it holds the lock", () => {
    const { request, over } = start();
    request.holds = true;
    request.end("stolen");
    request.end("lost");
    assertEquals([request.holds, over], [false, ["stolen"]]);
  });

  it("is not over before it holds the lock", () => {
    const { request, over } = start();
    request.end("lost");
    assertEquals(over, []);
    request.holds = true;
    request.end(undefined);
    assertEquals(over, [undefined]);
  });

  it("tells later listeners at once", () => {
    const { request, over } = start();
    request.holds = true;
    request.end("stolen");
    request.onOver((reason) => over.push(`late: ${reason}`));
    assertEquals(over, ["stolen", "late: stolen"]);
  });

  it("does not hold any more when its listeners are called", () => {
    const { request } = start();
    const held: boolean[] = [];
    request.onOver(() => held.push(request.holds));
    request.holds = true;
    request.end(undefined);
    assertEquals(held, [false]);
  });
});
