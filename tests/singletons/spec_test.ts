import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  checkSpec,
  type ChildContext,
  type ChildSpec,
  singleton,
} from "../../lib/singletons/spec.ts";

const GOOD = { id: "counter", start: () => ({}) };

/** Invalid values for each field. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  id: [undefined, null, 1, "", {}, "x".repeat(201), "\ud800", Symbol("id")],
  start: [undefined, null, "start", {}, 1],
  stop: [null, "stop", {}, 1],
  restart: [null, "", "always", "Permanent", 1, true],
  concurrent: [null, 0, 1, "false", {}],
};

describe("checkSpec()", () => {
  it("takes an object with an id, a start, and the options of a spec", () => {
    assertStrictEquals(checkSpec(GOOD, "name"), GOOD);
    for (const restart of [undefined, "temporary", "permanent", "transient"]) {
      for (const concurrent of [undefined, true, false]) {
        checkSpec({ ...GOOD, restart, concurrent, stop: () => {} }, "name");
      }
    }
    checkSpec({ ...GOOD, id: "x".repeat(200) }, "name");
    checkSpec({ ...GOOD, id: "Zähler 🍎" }, "name");
  });

  it("takes an instance of a class: its fields may be inherited", () => {
    class Spec {
      id = "counter";
      start() {
        return {};
      }
    }
    const spec = new Spec();
    assertStrictEquals(checkSpec(spec, "name"), spec);
  });

  for (const [field, values] of Object.entries(REFUSED)) {
    it(`throws a TypeError that says where, and names ${field} and what it was`, () => {
      for (const value of values) {
        const spec = { ...GOOD, [field]: value };
        const { message } = assertThrows(() => checkSpec(spec, "name"), TypeError);
        assertEquals(message.startsWith(`name: ${field} must be `), true, message);
        assertEquals(message.includes(", received "), true, message);
      }
    });
  }

  it("throws a TypeError for a value that is not an object", () => {
    for (const spec of [undefined, null, 1, "counter", () => GOOD]) {
      assertThrows(() => checkSpec(spec, "name"), TypeError, "name: spec must be a ChildSpec");
    }
  });
});

/** Whether two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

describe("singleton()", () => {
  it("returns its argument", () => {
    assertStrictEquals(singleton(GOOD), GOOD);
  });

  it("checks it", () => {
    const bad = { ...GOOD, stpo: () => {} };
    assertThrows(() => singleton(bad), TypeError, "singleton: unknown option stpo");
  });

  it("has the types of start and stop without annotations", () => {
    const spec = singleton({
      id: "counter",
      start: async (context, first: number, step = 1) => {
        const isContext: Same<typeof context, ChildContext> = true;
        await Promise.resolve(isContext);
        let n = first;
        return { inc: () => n++, key: () => context.key, step: () => step };
      },
      stop: (instance) => {
        const n: number = instance.inc();
        return n;
      },
      restart: "permanent",
    });
    // deno-lint-ignore no-explicit-any -- an argument without a type is taken as it comes
    type Untyped = any;
    type Instance = { inc: () => number; key: () => ChildContext["key"]; step: () => Untyped };
    type Wanted = ChildSpec<Instance, [first: number, step?: Untyped]>;
    const isWanted: Same<typeof spec, Wanted> = true;
    assertEquals(isWanted, true);
    // @ts-expect-error no such restart
    assertThrows(() => singleton({ ...GOOD, restart: "always" }), TypeError);
    // @ts-expect-error no start
    assertThrows(() => singleton({ id: "counter" }), TypeError);
  });
});
