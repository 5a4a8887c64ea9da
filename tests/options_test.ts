import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type OptionNames, refuseUnknown } from "../lib/options.ts";

describe("refuseUnknown()", () => {
  interface Options {
    until?: number;
    pid?: string;
    timeout?: number;
  }
  const names: OptionNames<Options> = { pid: true, until: true, timeout: true };
  const messageOf = (options: object) => {
    const { message } = assertThrows(
      () => refuseUnknown("put", options as Options, names),
      TypeError,
    );
    return message;
  };

  it("names the option, and the nearest known one", () => {
    const near: [string, string][] = [
      ["ttl", "until"],
      ["Until", "until"],
      ["untill", "until"],
      ["time_out", "timeout"],
      ["timeOutMs", "timeout"],
      ["PID", "pid"],
      ["p", "pid"],
    ];
    for (const [name, nearest] of near) {
      const message = `put: unknown option ${name}; did you mean ${nearest}?`;
      assertEquals(messageOf({ [name]: 1 }), message);
    }
  });

  it("refuses an unknown option that is undefined, and takes a known one that is", () => {
    assertEquals(messageOf({ ttl: undefined }), "put: unknown option ttl; did you mean until?");
    refuseUnknown("put", { until: undefined, pid: undefined }, names);
    refuseUnknown("put", {}, names);
  });

  it("refuses an inherited option, but not a property that was added to all objects", () => {
    assertEquals(
      messageOf(Object.create({ ttl: 1 })),
      "put: unknown option ttl; did you mean until?",
    );
    refuseUnknown("put", Object.create({ until: 1 }) as Options, names);
    Object.defineProperty(Object.prototype, "added", { enumerable: true, configurable: true });
    try {
      refuseUnknown("put", { until: 1 }, names);
      assertEquals(messageOf({ added: 1 }).startsWith("put: unknown option added;"), true);
    } finally {
      Reflect.deleteProperty(Object.prototype, "added");
    }
    assertEquals(messageOf({ toString: 1 }).startsWith("put: unknown option toString;"), true);
  });

  it("shows a long or strange name shortened and in quotes", () => {
    assertEquals(messageOf({ "a b": 1 }).startsWith('put: unknown option "a b"; '), true);
    assertEquals(messageOf({ ["x".repeat(1e6)]: 1 }).length < 150, true);
  });

  it("says so if there are no options at all", () => {
    const options = { a: 1 } as Record<never, never>;
    assertThrows(
      () => refuseUnknown("query", options, {}),
      TypeError,
      "query: unknown option a; it takes none",
    );
  });
});
