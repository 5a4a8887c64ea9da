/** `request`: its arguments, its callback, and what it resolves to (Web Locks API, section 3.2.1). */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { LockManager, ManagedLock } from "../../../mod.ts";
import { reasonOf } from "../../support/expect.ts";
import { assertDomException, hold, webLocks } from "../support/web_locks.ts";

/** The signature for a program without types. */
type Untyped = (...args: unknown[]) => Promise<unknown>;

describe("locks.request: its arguments", () => {
  const web = webLocks();
  const request = (locks: LockManager): Untyped => locks.request.bind(locks) as Untyped;

  it("without a callback rejects with a TypeError", async () => {
    for (const args of [[], ["a"], ["a", {}], ["a", undefined], ["a", {}, undefined]]) {
      assertInstanceOf(await reasonOf(request(web.here)(...args)), TypeError, `${args.length}`);
    }
  });

  it("with a callback that is not a function rejects with a TypeError", async () => {
    for (const callback of [null, 123, "abc", [], {}, Promise.resolve(), true]) {
      assertInstanceOf(await reasonOf(request(web.here)("a", callback)), TypeError);
      assertInstanceOf(await reasonOf(request(web.here)("a", {}, callback)), TypeError);
    }
  });

  it("with options that are not a dictionary rejects with a TypeError; null and undefined are empty", async () => {
    for (const options of [7, "options", true, Symbol("options")]) {
      assertInstanceOf(await reasonOf(request(web.here)("a", options, () => {})), TypeError);
    }
    for (const options of [null, undefined, {}]) {
      assertStrictEquals(await request(web.here)(web.name(), options, () => "held"), "held");
    }
  });

  it("with an unknown mode rejects with a TypeError; undefined is exclusive", async () => {
    for (const mode of ["foo", "", "Shared", null, 1, {}]) {
      assertInstanceOf(await reasonOf(request(web.here)("a", { mode }, () => {})), TypeError);
    }
    const modeOf = (lock: ManagedLock) => lock.mode;
    assertEquals(await request(web.here)(web.name(), { mode: undefined }, modeOf), "exclusive");
    assertEquals(await request(web.here)(web.name(), {}, modeOf), "exclusive");
    assertEquals(await request(web.here)(web.name(), modeOf), "exclusive");
    assertEquals(await request(web.here)(web.name(), { mode: "shared" }, modeOf), "shared");
  });

  it("converts the name to a string, and rejects if that fails", async () => {
    const nameOf = (lock: ManagedLock) => lock.name;
    const cases: [unknown, string][] = [
      [123, "123"],
      [null, "null"],
      [undefined, "undefined"],
      [["x", "y"], "x,y"],
      [{ toString: () => "by itself" }, "by itself"],
    ];
    for (const [name, converted] of cases) {
      assertStrictEquals(await request(web.here)(name, nameOf), converted);
    }
    assertInstanceOf(await reasonOf(request(web.here)(Symbol("a"), () => {})), TypeError);
  });

  it("converts ifAvailable and steal to booleans", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const got = await request(web.there)(
      name,
      { ifAvailable: 1, steal: 0 },
      (lock: unknown) => lock,
    );
    assertStrictEquals(got, null);
    await request(web.there)(name, { steal: "yes" }, () => {});
    await assertDomException(held.done, "AbortError");
  });

  it("with a name that begins with - rejects with a NotSupportedError; elsewhere - is valid", async () => {
    for (const name of ["-", "-foo", "--"]) {
      await assertDomException(web.here.request(name, () => {}), "NotSupportedError");
    }
    assertStrictEquals(await web.here.request("a-b-", (lock) => lock?.name), "a-b-");
  });

  it("that exclude each other reject with a NotSupportedError", async () => {
    const { signal } = new AbortController();
    for (
      const options of [
        { steal: true, ifAvailable: true },
        { steal: true, mode: "shared" },
        { signal, ifAvailable: true },
        { signal, steal: true },
      ] as const
    ) {
      let called = false;
      const requested = web.here.request(web.name(), options, () => void (called = true));
      await assertDomException(requested, "NotSupportedError");
      assertEquals(called, false);
    }
  });

  it("are read once, in the order of their names, and after the name", async () => {
    const reads: string[] = [];
    const read = <T>(what: string, value: T): T => {
      reads.push(what);
      return value;
    };
    const name = { toString: () => read("name", web.name()) };
    const options = {
      get steal() {
        return read("steal", false);
      },
      get signal() {
        return read("signal", undefined);
      },
      get mode() {
        return read("mode", "exclusive");
      },
      get ifAvailable() {
        return read("ifAvailable", false);
      },
    };
    await request(web.here)(name, options, () => {});
    assertEquals(reads, ["name", "ifAvailable", "mode", "signal", "steal"]);
  });

  it("that throw while they are read reject with what they throw", async () => {
    const reason = new Error("of a getter");
    const options = {
      get mode() {
        throw reason;
      },
    };
    assertStrictEquals(await reasonOf(request(web.here)("a", options, () => {})), reason);
  });

  it("of a wrong type are reported before those that are not supported, and these before an abort", async () => {
    const requested = request(web.here)("-", { mode: "foo" }, () => {});
    assertInstanceOf(await reasonOf(requested), TypeError);
    const signal = AbortSignal.abort();
    for (const options of [{ signal, steal: true }, { signal, ifAvailable: true }] as const) {
      await assertDomException(web.here.request("a", options, () => {}), "NotSupportedError");
    }
    await assertDomException(web.here.request("-", { signal }, () => {}), "NotSupportedError");
  });

  it("never throw: wrong arguments reject, and nothing is requested", async () => {
    const outcome = request(web.here)(Symbol("a"));
    assertInstanceOf(outcome, Promise);
    await reasonOf(outcome);
    await reasonOf(request(web.here)("refused", { mode: "foo" }, () => {}));
    const { held, pending } = await web.here.query();
    assertEquals([held, pending], [[], []]);
  });
});

describe("locks.request: its callback", () => {
  const web = webLocks();

  it("is called later, once, and with the lock as its only argument", async () => {
    const calls: unknown[][] = [];
    const requested = web.here.request(web.name(), (...args) => void calls.push(args));
    assertEquals(calls.length, 0);
    await requested;
    assertEquals(calls.map((args) => args.length), [1]);
    assert(calls[0][0] !== null);
  });

  it("resolves to what it returns, or to the value of the promise that it returns", async () => {
    assertStrictEquals(await web.here.request(web.name(), () => 123), 123);
    assertStrictEquals(await web.here.request(web.name(), () => Promise.resolve("abc")), "abc");
    assertStrictEquals(await web.here.request(web.name(), () => {}), undefined);
    const thenable: PromiseLike<string> = {
      then: (resolve) => Promise.resolve("from a thenable").then(resolve),
    };
    assertStrictEquals(await web.here.request(web.name(), () => thenable), "from a thenable");
  });

  it("rejects with what it throws, or with what its promise rejects with", async () => {
    const reason = new Error("of the callback");
    const throws = () => {
      throw reason;
    };
    assertStrictEquals(await reasonOf(web.here.request(web.name(), throws)), reason);
    const rejects = () => Promise.reject(reason);
    assertStrictEquals(await reasonOf(web.here.request(web.name(), rejects)), reason);
  });

  it("that throws a thenable: the thenable is not resolved, but is the reason", async () => {
    let asked = false;
    const thenable = { then: () => void (asked = true) };
    const rejects = () => Promise.reject(thenable);
    // Not with `await`, which would resolve it.
    const reasons: unknown[] = [];
    await web.here.request(web.name(), rejects).catch((reason) => void reasons.push(reason));
    assertStrictEquals(reasons[0], thenable);
    assertEquals(asked, false);
  });

  it("settles before the request does, which returns a promise of its own", async () => {
    const order: string[] = [];
    let release = () => {};
    const until = new Promise<void>((resolve) => release = resolve);
    const returned = web.here.request(web.name(), () => until);
    assertInstanceOf(returned, Promise);
    const both = [
      returned.then(() => order.push("request")),
      until.then(() => order.push("callback")),
    ];
    release();
    await Promise.all(both);
    assertEquals(order, ["callback", "request"]);
  });

  it("is called for each request separately", async () => {
    const names = [web.name(), web.name(), web.name()];
    const got = await Promise.all(
      names.map((name) => web.here.request(name, (lock) => lock!.name)),
    );
    assertEquals(got, names);
  });
});

describe("locks.request: the lock", () => {
  const web = webLocks();

  it("has its name and mode, also after it was released", async () => {
    const name = web.name();
    for (const mode of ["exclusive", "shared"] as const) {
      let kept: ManagedLock | null = null;
      await web.here.request(name, { mode }, (lock) => {
        kept = lock;
        assertEquals([lock?.name, lock?.mode], [name, mode]);
      });
      const { name: nameThen, mode: modeThen } = kept! as ManagedLock;
      assertEquals([nameThen, modeThen], [name, mode]);
    }
  });

  it("has the additions of the cluster: a token that grows, held, and a signal", async () => {
    const name = web.name();
    const first = await hold((callback) => web.here.request(name, callback));
    assertEquals([first.lock.held, first.lock.signal.aborted], [true, false]);
    await first.release();
    assertEquals([first.lock.held, first.lock.signal.aborted], [false, true]);
    const second = await hold((callback) => web.there.request(name, callback));
    assert(second.lock.token > first.lock.token);
    await second.release();
  });
});
