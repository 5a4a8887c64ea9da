import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { makeRemote, type Target, targetOf } from "../../lib/singletons/remote.ts";

const TARGET: Target = {
  key: "apple",
  register: "s",
  spec: { id: "counter", start: () => ({}) },
  args: new Uint8Array(),
};

/** A remote that answers with its call, and a record of all calls. */
function recorded() {
  const calls: [method: string, args: unknown[]][] = [];
  // deno-lint-ignore no-explicit-any -- any method at all
  const remote: any = makeRemote(TARGET, (method, args) => {
    calls.push([method, args]);
    return Promise.resolve(`${method}(${args.join()})`);
  });
  return { remote, calls };
}

/** Names for which a remote has no method, for any instance. */
const REFUSED = [
  "",
  "then",
  "toJSON",
  "constructor",
  "valueOf",
  "hasOwnProperty",
  "_",
  "_private",
  "__proto__",
  "__defineGetter__",
];

describe("makeRemote()", () => {
  it("makes each method a function that calls it by its name", async () => {
    const { remote, calls } = recorded();
    assertEquals(await remote.inc(), "inc()");
    assertEquals(await remote["any name"](1, "two"), "any name(1,two)");
    assertEquals(calls, [["inc", []], ["any name", [1, "two"]]]);
  });

  it("calls nothing until a method is called", () => {
    const { remote, calls } = recorded();
    const { inc } = remote;
    assertEquals(typeof inc, "function");
    assertEquals(calls, []);
  });

  it("returns the same function for a method each time, which needs no `this`", async () => {
    const { remote } = recorded();
    const { inc } = remote;
    assertStrictEquals(remote.inc, inc);
    assertEquals(await inc(1), "inc(1)");
    assertEquals(await [1, 2].map(remote.inc)[1], "inc(2,1,1,2)");
  });

  it("is not a promise: awaiting it returns the remote itself", async () => {
    const { remote, calls } = recorded();
    assertStrictEquals(await remote, remote);
    assertStrictEquals(await Promise.resolve(remote), remote);
    assertEquals(calls, []);
  });

  it("has no properties for names that cannot be called, nor for symbols", () => {
    const { remote, calls } = recorded();
    for (const name of [...REFUSED, Symbol.iterator, Symbol.asyncDispose, Symbol("own")]) {
      assertStrictEquals(remote[name], undefined, String(name));
      assertEquals(name in remote, false, String(name));
    }
    assert("inc" in remote);
    assertEquals(calls, []);
  });

  it("can be inspected without a call: listed, compared, converted to text or JSON", () => {
    const { remote, calls } = recorded();
    assertEquals(Object.keys(remote), []);
    assertEquals(String(remote), "[object Remote]");
    assertEquals(`${remote}`, "[object Remote]");
    assertEquals(Number(remote), NaN);
    assertEquals(JSON.stringify({ remote }), '{"remote":{}}');
    assertEquals(Object.prototype.toString.call(remote), "[object Remote]");
    assertEquals(remote === remote, true);
    assertEquals(calls, []);
  });

  it("cannot be changed", () => {
    const { remote } = recorded();
    const { inc } = remote;
    assertThrows(() => Object.assign(remote, { inc: () => 1 }), TypeError);
    assertThrows(() => Object.defineProperty(remote, "inc", { value: 1 }), TypeError);
    assertThrows(() => Object.assign(remote, { then: () => 1 }), TypeError);
    assertStrictEquals(remote.inc, inc);
    assertStrictEquals(remote.then, undefined);
  });
});

describe("targetOf()", () => {
  it("returns the target of a remote", () => {
    const { remote } = recorded();
    assertStrictEquals(targetOf(remote, "call"), TARGET);
  });

  it("throws a TypeError for everything else, and names the call", () => {
    const { remote } = recorded();
    for (const other of [undefined, null, "apple", {}, TARGET, () => {}, new Proxy(remote, {})]) {
      assertThrows(() => targetOf(other, "whereis"), TypeError, "whereis: the first argument");
    }
  });
});
