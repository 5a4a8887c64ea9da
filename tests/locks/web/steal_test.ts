/** `steal`: taking a lock away from its owners. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { within } from "../../support/wait.ts";
import { isSettled } from "../support/queue.ts";
import { assertDomException, hold, type Holding, webLocks } from "../support/web_locks.ts";

const STEAL = { steal: true } as const;

function assertStolen({ done }: Holding): Promise<void> {
  return within(assertDomException(done, "AbortError"), "the AbortError");
}

describe("locks.request with steal", () => {
  const web = webLocks();

  it("is granted if the lock is free", async () => {
    const got = await web.here.request(web.name(), STEAL, (lock) => lock?.mode);
    assertStrictEquals(got, "exclusive");
  });

  it("is granted at once if the lock is held; the request of the owner rejects with an AbortError", async () => {
    for (const locks of [web.here, web.there]) {
      const name = web.name();
      const held = await hold((callback) => web.here.request(name, callback));
      const thief = await hold((callback) => locks.request(name, STEAL, callback));
      await assertStolen(held);
      assertEquals([held.lock.held, thief.lock.held], [false, true]);
      assert(thief.lock.token > held.lock.token);
      await thief.release();
    }
  });

  it("takes it from all shared owners", async () => {
    const name = web.name();
    const options = { mode: "shared" } as const;
    const holdings = [
      await hold((callback) => web.here.request(name, options, callback)),
      await hold((callback) => web.there.request(name, options, callback)),
    ];
    const thief = await hold((callback) => web.here.request(name, STEAL, callback));
    await Promise.all(holdings.map(assertStolen));
    await thief.release();
  });

  it("rejects the old owner's request although its callback resolves later", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    await web.there.request(name, STEAL, () => {});
    await assertStolen(held);
    await held.release().catch(() => {});
    await assertStolen(held);
  });

  it("causes no unhandled rejection when the old callback rejects afterwards", async () => {
    const name = web.name();
    let fail = () => {};
    const until = new Promise<void>((_, reject) => fail = () => reject(new Error("too late")));
    const held = web.here.request(name, () => until);
    held.catch(() => {});
    await web.here.query();
    await web.there.request(name, STEAL, () => {});
    await within(assertDomException(held, "AbortError"), "the AbortError");
    fail();
    assertEquals(await isSettled(held), true);
  });

  it("goes before waiting requests; they are served after it, in order", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const granted: number[] = [];
    const waiting = [1, 2].map((number) => web.here.request(name, () => void granted.push(number)));
    await web.here.query();
    const thief = await hold((callback) => web.there.request(name, STEAL, callback));
    await assertStolen(held);
    assertEquals(granted, []);
    await thief.release();
    await within(Promise.all(waiting), "the waiting requests");
    assertEquals(granted, [1, 2]);
  });

  it("holds the lock as any other owner: it excludes, and can be stolen from in turn", async () => {
    const name = web.name();
    const thief = await hold((callback) => web.here.request(name, STEAL, callback));
    const waiting = web.there.request(name, () => "granted");
    assertEquals(await isSettled(waiting), false);
    const second = await hold((callback) => web.there.request(name, STEAL, callback));
    await assertStolen(thief);
    assertEquals(await isSettled(waiting), false);
    await second.release();
    assertStrictEquals(await within(waiting, "the waiting request"), "granted");
  });

  it("is seen in query: the thief holds it, the old owner does not", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const thief = await hold((callback) => web.there.request(name, STEAL, callback));
    const found = (await web.here.query()).held.filter((lock) => lock.name === name);
    assertEquals(found, [{ name, mode: "exclusive", clientId: web.thereId }]);
    await assertStolen(held);
    await thief.release();
  });

  it("set to false waits as without the option", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const waiting = web.there.request(name, { steal: false }, () => "granted");
    assertEquals(await isSettled(waiting), false);
    await held.release();
    assertStrictEquals(await within(waiting, "its turn"), "granted");
  });
});
