/** `signal`: withdrawing a request. */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { LockRequestOptions } from "../../../mod.ts";
import { reasonOf } from "../../support/expect.ts";
import { within } from "../../support/wait.ts";
import { assertDomException, hold, webLocks } from "../support/web_locks.ts";

const never = () => {
  throw new Error("the callback was called");
};

describe("locks.request with a signal", () => {
  const web = webLocks();

  it("that is not an AbortSignal rejects with a TypeError", async () => {
    for (const signal of [null, "abort", 1, {}, new AbortController(), new EventTarget()]) {
      const options = { signal } as LockRequestOptions;
      assertInstanceOf(await reasonOf(web.here.request(web.name(), options, never)), TypeError);
    }
  });

  it("that is aborted already rejects with its reason", async () => {
    const aborted = web.here.request(web.name(), { signal: AbortSignal.abort() }, never);
    await assertDomException(aborted, "AbortError");
    const reason = ["my", "reason"];
    const signal = AbortSignal.abort(reason);
    assertStrictEquals(await reasonOf(web.here.request(web.name(), { signal }, never)), reason);
  });

  it("that never aborts makes no difference", async () => {
    const { signal } = new AbortController();
    assertStrictEquals(await web.here.request(web.name(), { signal }, () => "granted"), "granted");
    const options = { signal: undefined };
    assertStrictEquals(await web.here.request(web.name(), options, () => "granted"), "granted");
  });

  it("that aborts while it waits rejects with the reason, and never calls back", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const reasons: unknown[] = [undefined, "my reason", null, new Error("my reason")];
    for (const reason of reasons) {
      const aborter = new AbortController();
      const waiting = web.there.request(name, { signal: aborter.signal }, never);
      await web.there.query();
      aborter.abort(reason);
      assertStrictEquals(await reasonOf(waiting), aborter.signal.reason);
    }
    await held.release();
    // None of the callbacks is called later.
    assertStrictEquals(await web.here.request(name, () => "granted"), "granted");
  });

  it("that aborts in the turn of the request rejects, and the lock stays free", async () => {
    const name = web.name();
    const aborter = new AbortController();
    const aborted = web.here.request(name, { signal: aborter.signal }, never);
    aborter.abort();
    await assertDomException(aborted, "AbortError");
    assertStrictEquals(await within(web.there.request(name, () => "granted"), "it"), "granted");
  });

  it("that aborts by itself after a time rejects with its TimeoutError", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const waiting = web.here.request(name, { signal: AbortSignal.timeout(20) }, never);
    await assertDomException(waiting, "TimeoutError");
    await held.release();
  });

  it("that aborts while it is held has no effect any more", async () => {
    const name = web.name();
    const aborter = new AbortController();
    const held = await hold((callback) =>
      web.here.request(name, { signal: aborter.signal }, callback)
    );
    aborter.abort();
    assert(held.lock.held);
    assertStrictEquals(await web.there.request(name, { ifAvailable: true }, (lock) => lock), null);
    await held.release();
    assertStrictEquals(await held.done, undefined);
  });

  it("that aborts in the callback has no effect any more", async () => {
    const aborter = new AbortController();
    const { signal } = aborter;
    const got = await web.here.request(web.name(), { signal }, () => {
      aborter.abort();
      return "held all the same";
    });
    assertStrictEquals(got, "held all the same");
  });

  it("can be the signal of many requests: all that wait end, the one that holds does not", async () => {
    const [name, other] = [web.name(), web.name()];
    const aborter = new AbortController();
    const { signal } = aborter;
    const held = await hold((callback) => web.here.request(name, { signal }, callback));
    const blocker = await hold((callback) => web.here.request(other, callback));
    const waiting = [
      web.here.request(name, { signal }, never),
      web.there.request(name, { signal, mode: "shared" }, never),
      web.there.request(other, { signal }, never),
    ];
    await web.there.query();
    aborter.abort("all of them");
    for (const one of waiting) assertStrictEquals(await reasonOf(one), "all of them");
    assert(held.lock.held);
    await held.release();
    await blocker.release();
  });

  it("lets the requests behind the withdrawn one go on", async () => {
    const name = web.name();
    const shared = { mode: "shared" } as const;
    const held = await hold((callback) => web.here.request(name, shared, callback));
    const aborter = new AbortController();
    const aborted = web.here.request(name, { signal: aborter.signal }, never);
    const behind = web.here.request(name, shared, () => "granted");
    await web.here.query();
    aborter.abort();
    await assertDomException(aborted, "AbortError");
    assertStrictEquals(await within(behind, "the one behind it"), "granted");
    await held.release();
  });

  it("that aborts a request in its own turn lets the one behind it go on", async () => {
    const name = web.name();
    const aborter = new AbortController();
    const aborted = web.here.request(name, { signal: aborter.signal }, never);
    const next = web.here.request(name, () => "granted");
    aborter.abort();
    await assertDomException(aborted, "AbortError");
    assertStrictEquals(await within(next, "the one behind it"), "granted");
  });

  it("that aborts in the callback of an earlier request prevents the callback of a granted one", async () => {
    const [name, other] = [web.name(), web.name()];
    const aborter = new AbortController();
    const first = web.here.request(name, () => aborter.abort("not that one"));
    const second = web.here.request(other, { signal: aborter.signal }, never);
    assertStrictEquals(await reasonOf(second), "not that one");
    await first;
    assertStrictEquals(await within(web.there.request(other, () => "free"), "it"), "free");
  });

  it("does not disturb the order of the others", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const aborter = new AbortController();
    const granted: number[] = [];
    const requests = [1, 2, 3, 4].map((number) => {
      const options = number === 2 ? { signal: aborter.signal } : {};
      return web.here.request(name, options, () => void granted.push(number)).catch(() => {});
    });
    await web.here.query();
    aborter.abort();
    await held.release();
    await within(Promise.all(requests), "the others");
    assertEquals(granted, [1, 3, 4]);
  });
});
