/** The time for which a lock is held: until its callback settles. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { within } from "../../support/wait.ts";
import { isSettled } from "../support/queue.ts";
import { hold, webLocks } from "../support/web_locks.ts";

describe("a lock is held", () => {
  const web = webLocks();

  it("until the promise that the callback returned resolves", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const next = [web.here, web.there].map((locks) => locks.request(name, () => "granted"));
    assertEquals(await Promise.all(next.map(isSettled)), [false, false]);
    await held.release();
    assertEquals(await within(Promise.all(next), "the next ones"), ["granted", "granted"]);
  });

  it("until that promise rejects", async () => {
    const name = web.name();
    let fail = () => {};
    const until = new Promise<never>((_, reject) => fail = () => reject(new Error("over")));
    const failed = web.here.request(name, () => until).catch(() => "failed");
    await web.here.query(); // by then it is held
    const next = web.there.request(name, () => "granted");
    assertEquals(await isSettled(next), false);
    fail();
    assertStrictEquals(await failed, "failed");
    assertStrictEquals(await within(next, "the next one"), "granted");
  });

  it("until the callback returns or throws, if it returns no promise", async () => {
    const name = web.name();
    await web.here.request(name, () => 1);
    await web.here.request(name, () => {
      throw new Error("over");
    }).catch(() => {});
    assertStrictEquals(
      await within(web.there.request(name, () => "granted"), "the next"),
      "granted",
    );
  });

  it("and free once the request has resolved", async () => {
    const name = web.name();
    await web.here.request(name, () => {});
    const free = await web.there.request(name, { ifAvailable: true }, (lock) => lock !== null);
    assertEquals(free, true);
  });

  it("and free once the request has rejected", async () => {
    const name = web.name();
    for (
      const fail of [() => Promise.reject(new Error("over")), () => {
        throw new Error("over");
      }]
    ) {
      await web.here.request(name, fail).catch(() => {});
      const free = await web.there.request(name, { ifAvailable: true }, (lock) => lock !== null);
      assertEquals(free, true);
    }
  });

  it("also while the callback takes and releases others", async () => {
    const [outer, inner] = [web.name(), web.name()];
    const steps: string[] = [];
    await web.here.request(outer, async () => {
      steps.push("outer");
      await web.here.request(inner, () => void steps.push("inner"));
      assertStrictEquals(
        await web.there.request(outer, { ifAvailable: true }, (lock) => lock),
        null,
      );
      assertStrictEquals(
        await web.there.request(inner, { ifAvailable: true }, (lock) => lock?.name),
        inner,
      );
      steps.push("outer again");
    });
    assertEquals(steps, ["outer", "inner", "outer again"]);
  });

  it("against its own callback too: it is not reentrant", async () => {
    const name = web.name();
    await web.here.request(name, async () => {
      const again = await web.here.request(name, { ifAvailable: true }, (lock) => lock);
      assertStrictEquals(again, null);
    });
  });
});
