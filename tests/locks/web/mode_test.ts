/** The requests that are granted together, and their order: exclusive, shared, and both. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { within } from "../../support/wait.ts";
import { isSettled } from "../support/queue.ts";
import { hold, webLocks } from "../support/web_locks.ts";

const SHARED = { mode: "shared" } as const;

describe("exclusive locks", () => {
  const web = webLocks();

  it("are granted one after the other, in the order of the requests", async () => {
    const name = web.name();
    const granted: number[] = [];
    let inside = 0;
    await within(
      Promise.all([1, 2, 3, 4, 5].map((number) =>
        web.here.request(name, async () => {
          assertEquals(++inside, 1);
          granted.push(number);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside--;
        })
      )),
      "all five",
    );
    assertEquals(granted, [1, 2, 3, 4, 5]);
  });

  it("of different names are independent", async () => {
    const [one, other] = [web.name(), web.name()];
    const held = await hold((callback) => web.here.request(one, callback));
    const also = await hold((callback) => web.there.request(other, callback));
    assertEquals([held.lock.held, also.lock.held], [true, true]);
    await also.release();
    await held.release();
  });

  it("wait in a separate queue for each name", async () => {
    const [one, other] = [web.name(), web.name()];
    const granted: string[] = [];
    const held = await hold((callback) => web.here.request(one, callback));
    const waiting = web.here.request(one, () => void granted.push("one"));
    await web.here.request(other, () => void granted.push("other"));
    assertEquals(granted, ["other"]);
    await held.release();
    await waiting;
    assertEquals(granted, ["other", "one"]);
  });
});

describe("shared locks", () => {
  const web = webLocks();

  it("are granted together, in the order of the requests", async () => {
    const name = web.name();
    const granted: number[] = [];
    let release = () => {};
    const until = new Promise<void>((resolve) => release = resolve);
    const requests = [1, 2, 3].map((number) =>
      web.here.request(name, SHARED, () => {
        granted.push(number);
        if (granted.length === 3) release();
        return until;
      })
    );
    await within(Promise.all(requests), "all three at the same time");
    assertEquals(granted, [1, 2, 3]);
  });

  it("are shared by all nodes", async () => {
    const name = web.name();
    const one = await hold((callback) => web.here.request(name, SHARED, callback));
    const other = await hold((callback) => web.there.request(name, SHARED, callback));
    assertEquals([one.lock.held, other.lock.held], [true, true]);
    await one.release();
    await other.release();
  });

  it("can be released in another order than they were granted", async () => {
    const name = web.name();
    const holdings = [];
    for (let i = 0; i < 3; i++) {
      holdings.push(await hold((callback) => web.here.request(name, SHARED, callback)));
    }
    const exclusive = web.there.request(name, () => "granted");
    for (const index of [1, 2, 0]) {
      assertEquals(await isSettled(exclusive), false);
      await holdings[index].release();
    }
    assertEquals(await within(exclusive, "the exclusive one"), "granted");
  });
});

describe("shared and exclusive locks", () => {
  const web = webLocks();

  it("of one name: all shared requests behind the exclusive one are granted at once", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    let release = () => {};
    const until = new Promise<void>((resolve) => release = resolve);
    const requests = [web.here, web.there, web.here, web.there].map((locks) =>
      locks.request(name, SHARED, () => until)
    );
    await web.here.query();
    await web.there.query();
    await held.release();
    const { held: shared, pending } = await web.here.query();
    release();
    await within(Promise.all(requests), "the shared ones");
    assertEquals([shared.map(({ mode }) => mode), pending], [Array(4).fill("shared"), []]);
  });

  it("of one name exclude each other in either order", async () => {
    for (const [first, second] of [["shared", "exclusive"], ["exclusive", "shared"]] as const) {
      const name = web.name();
      const held = await hold((callback) => web.here.request(name, { mode: first }, callback));
      const next = web.there.request(name, { mode: second }, () => {});
      assertEquals(await isSettled(next), false);
      await held.release();
      await within(next, `${second} after ${first}`);
    }
  });

  it("are granted in the order of the requests, shared ones in a row together", async () => {
    const name = web.name();
    const granted: string[] = [];
    const holdings: (() => void)[] = [];
    const requests = ["s1", "s2", "x1", "s3", "s4", "x2", "s5"].map((label) =>
      web.here.request(name, { mode: label.startsWith("s") ? "shared" : "exclusive" }, () => {
        granted.push(label);
        return new Promise<void>((resolve) => holdings.push(resolve));
      })
    );
    const rounds = [["s1", "s2"], ["x1"], ["s3", "s4"], ["x2"], ["s5"]];
    const soFar: string[] = [];
    for (const round of rounds) {
      soFar.push(...round);
      while (granted.length < soFar.length) await web.here.query();
      await web.here.query();
      assertEquals(granted, soFar);
      for (const release of holdings.splice(0)) release();
    }
    await within(Promise.all(requests), "all of them");
  });
});
