/** `ifAvailable`: now, or not at all. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { reasonOf } from "../../support/expect.ts";
import { within } from "../../support/wait.ts";
import { hold, webLocks } from "../support/web_locks.ts";

const AVAILABLE = { ifAvailable: true } as const;

describe("locks.request with ifAvailable", () => {
  const web = webLocks();

  it("calls back with the lock if it is free", async () => {
    const name = web.name();
    const got = await web.here.request(name, AVAILABLE, (lock) => [lock?.name, lock?.mode]);
    assertEquals(got, [name, "exclusive"]);
  });

  it("calls back with null if it is not free, and resolves to what the callback returns", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    for (const locks of [web.here, web.there]) {
      let args: unknown[] = [];
      const got = await locks.request(name, AVAILABLE, (...given) => {
        args = given;
        return "not now";
      });
      assertStrictEquals(got, "not now");
      assertEquals(args, [null]);
    }
    await held.release();
  });

  it("rejects with what the callback throws, also for null", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const reason = new Error("of the callback");
    const throws = () => {
      throw reason;
    };
    assertStrictEquals(await reasonOf(web.there.request(name, AVAILABLE, throws)), reason);
    const rejects = () => Promise.reject(reason);
    assertStrictEquals(await reasonOf(web.there.request(name, AVAILABLE, rejects)), reason);
    await held.release();
  });

  it("leaves nothing in the queue, and holds nothing while its callback runs with null", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    let end = () => {};
    const going = new Promise<void>((resolve) => end = resolve);
    const refused = web.there.request(name, AVAILABLE, () => going);
    assertEquals((await web.there.query()).pending.filter((one) => one.name === name), []);
    await held.release();
    assertStrictEquals(
      await within(web.here.request(name, () => "granted"), "the next"),
      "granted",
    );
    end();
    await refused;
  });

  it("does not overtake a request that waits", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, { mode: "shared" }, callback));
    const waiting = web.here.request(name, () => {});
    const options = { ...AVAILABLE, mode: "shared" } as const;
    await web.here.query();
    assertStrictEquals(await web.there.request(name, options, (lock) => lock), null);
    await held.release();
    await waiting;
  });

  it("gets a lock that can be shared", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, { mode: "shared" }, callback));
    const options = { ...AVAILABLE, mode: "shared" } as const;
    assert(await web.there.request(name, options, (lock) => lock !== null));
    assertStrictEquals(await web.there.request(name, AVAILABLE, (lock) => lock), null);
    await held.release();
  });

  it("gets the lock again once it was released", async () => {
    const name = web.name();
    for (let i = 0; i < 3; i++) {
      assert(await web.here.request(name, AVAILABLE, (lock) => lock !== null));
    }
  });

  it("set to false waits as without the option", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const next = web.there.request(name, { ifAvailable: false }, (lock) => lock !== null);
    await held.release();
    assertEquals(await within(next, "the next one"), true);
  });
});
