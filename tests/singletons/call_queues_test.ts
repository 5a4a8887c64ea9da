import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { CallQueues } from "../../lib/singletons/call_queues.ts";
import type { InstanceLocation } from "../../lib/singletons/instance_locations.ts";
import { turn } from "../support/wait.ts";

const PLACE: InstanceLocation = {
  pid: { node: "w1", session: "w1/-P70F6sqFhqk35ea00oQ/1", seq: 7 },
  token: 5,
};

/** Queues, with a log of the searches that they began and of the calls that went on. */
class Script {
  readonly queues = new CallQueues();
  readonly searches: { resolve(location: InstanceLocation): void; reject(error: Error): void }[] =
    [];
  readonly log: string[] = [];

  /** A call joins the queue for `register`. */
  join(order: number, register = "s1"): this {
    this.queues.join(
      register,
      {
        order,
        go: ({ token }) => this.log.push(`${register}: ${order} goes to ${token}`),
        fail: (error) => this.log.push(`${register}: ${order} fails: ${error}`),
      },
      () => new Promise((resolve, reject) => this.searches.push({ resolve, reject })),
    );
    return this;
  }
}

describe("queues", () => {
  it("make one search for all calls that wait, which then go on in order", async () => {
    const script = new Script().join(1).join(2).join(3);
    assertEquals(script.searches.length, 1);
    assertEquals(script.log, []);
    script.searches[0].resolve(PLACE);
    await turn();
    assertEquals(script.log, ["s1: 1 goes to 5", "s1: 2 goes to 5", "s1: 3 goes to 5"]);
    assertEquals(script.queues.isEmpty("s1"), true);
  });

  it("take back refused calls, each before those that were made after it", async () => {
    const script = new Script().join(7).join(9).join(4).join(8).join(5);
    script.searches[0].resolve(PLACE);
    await turn();
    const orders = script.log.map((entry) => Number(entry.split(" ")[1]));
    assertEquals(orders, [4, 5, 7, 8, 9]);
  });

  it("keep registers apart", async () => {
    const script = new Script().join(1, "s1").join(2, "s2");
    assertEquals(script.searches.length, 2);
    assertEquals([script.queues.isEmpty("s1"), script.queues.isEmpty("s3")], [false, true]);
    script.searches[1].resolve(PLACE);
    await turn();
    assertEquals(script.log, ["s2: 2 goes to 5"]);
    assertEquals([script.queues.isEmpty("s1"), script.queues.isEmpty("s2")], [false, true]);
  });

  it("fail all calls that wait if there is no location, and search again for later calls", async () => {
    const script = new Script().join(1).join(2);
    script.searches[0].reject(new Error("none"));
    await turn();
    assertEquals(script.log, ["s1: 1 fails: Error: none", "s1: 2 fails: Error: none"]);
    script.join(3);
    assertEquals(script.searches.length, 2);
    script.searches[1].resolve(PLACE);
    await turn();
    assertEquals(script.log[2], "s1: 3 goes to 5");
  });

  it("let a call join again while others go on: a new search is made for it", async () => {
    const script = new Script();
    const again = { order: 1, fail: () => {}, go: () => void script.join(1) };
    script.queues.join("s1", again, () => Promise.resolve(PLACE));
    script.join(2);
    await turn();
    assertEquals(script.log, ["s1: 2 goes to 5"]);
    assertEquals(script.searches.length, 1);
    script.searches[0].resolve(PLACE);
    await turn();
    assertEquals(script.log, ["s1: 2 goes to 5", "s1: 1 goes to 5"]);
  });
});
