import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ChildSpec, SynodError } from "../../mod.ts";
import { MalformedError } from "../../lib/codec.ts";
import { failureFields, failureOf, fromFailure, toFailure } from "../../lib/singletons/failure.ts";
import { startCluster } from "../support/real_cluster.ts";
import { reasonOf } from "../support/expect.ts";

/** An error as it arrives, with its causes, in short form. */
function described(error: unknown): unknown[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [error];
  const { name, message, code, cause } = error as Error & { code?: unknown };
  return [{ name, message, ...(code === undefined ? {} : { code }) }, ...described(cause)];
}

function coded(message: string, code: unknown, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

/** What is thrown, and what arrives at the caller. */
const THROWN: readonly [what: string, thrown: unknown, arrives: unknown[]][] = [
  ["an error", new RangeError("no"), [{ name: "RangeError", message: "no" }]],
  ["an error with a code", coded("no", "ENOENT"), [
    { name: "Error", message: "no", code: "ENOENT" },
  ]],
  ["an error with a number as its code", coded("no", 7), [
    { name: "Error", message: "no", code: 7 },
  ]],
  ["an error with a code that is neither text nor number", coded("no", { a: 1 }), [{
    name: "Error",
    message: "no",
  }]],
  ["an error with causes", coded("a", "A", new TypeError("b", { cause: "c" })), [
    { name: "Error", message: "a", code: "A" },
    { name: "TypeError", message: "b" },
    "c",
  ]],
  ["an error of this library", new SynodError("full", "no", { cause: new Error("room") }), [
    { name: "SynodError", message: "no", code: "full" },
    { name: "Error", message: "room" },
  ]],
  ["an object with a message", { message: "words" }, [{ name: "Error", message: "words" }]],
  ["an object with all these fields", {
    name: "Odd",
    message: "words",
    code: "ODD",
    cause: { message: "w" },
  }, [
    { name: "Odd", message: "words", code: "ODD" },
    { name: "Error", message: "w" },
  ]],
  ["an object without a message", { a: 1 }, [{ name: "Error", message: "an object (Object)" }]],
  ["a text", "words", [{ name: "Error", message: "words" }]],
  ["nothing", undefined, [{ name: "Error", message: "undefined" }]],
];

describe("what a singleton throws", () => {
  it("arrives with its name, message, code and cause: from a method and from a start", async () => {
    let thrown: unknown;
    const fail = () => {
      throw thrown;
    };
    const method: ChildSpec<{ fail(): void }, []> = { id: "method", start: () => ({ fail }) };
    const start: ChildSpec<{ fail(): void }, []> = { id: "start", start: fail };
    await using cluster = await startCluster(2, { each: { n2: { hosts: [method, start] } } });
    const [node] = cluster.nodes;
    for (const spec of [method, start]) {
      const remote = node.name("k", spec);
      for (const [what, value, arrives] of THROWN) {
        thrown = value;
        const reason = await reasonOf(remote.fail());
        assertEquals(described(reason), arrives, `${what}, in a ${spec.id}`);
        assert(value !== reason);
      }
    }
  });

  it("arrives as a SynodError if it is one", () => {
    const error = fromFailure(toFailure(new SynodError("deadlock", "no")));
    assertInstanceOf(error, SynodError);
    assertEquals(error.code, "deadlock");
  });

  it("is read to a limited depth: causes of causes, and errors that cause themselves", () => {
    const round = new Error("round");
    round.cause = round;
    const failure = toFailure(round);
    assertEquals(failureOf(failureFields(failure)), failure);
    assertEquals(described(fromFailure(failure)).length, 9);
  });

  it("may be any value that throws when it is read", () => {
    const hostile = new Proxy({}, {
      get: () => {
        throw new Error("do not look");
      },
      getPrototypeOf: () => {
        throw new Error("do not look");
      },
    });
    assertEquals(toFailure(hostile).message, "an error that cannot be shown");
    assertEquals(
      toFailure({ message: "m", cause: hostile }).message,
      "an error that cannot be shown",
    );
  });

  it("is refused as malformed if a message carries more than that", () => {
    const good = failureFields(toFailure(coded("no", "NO", new Error("why"))));
    assertEquals(failureFields(failureOf(good)), good);
    const deep = (count: number): unknown => count === 0 ? null : ["E", "m", null, deep(count - 1)];
    const bad: unknown[] = [
      null,
      [],
      good.slice(1),
      [...good, 1],
      good.with(0, 1),
      good.with(1, null),
      good.with(2, {}),
      good.with(2, NaN),
      good.with(3, 7),
      good.with(3, [1]),
      deep(11),
    ];
    for (const fields of bad) {
      let refused: unknown;
      try {
        failureOf(fields);
      } catch (error) {
        refused = error;
      }
      assertInstanceOf(refused, MalformedError);
    }
    failureOf(deep(9));
  });
});
