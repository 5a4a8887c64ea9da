import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { isCallable } from "../../lib/singletons/remote.ts";
import { isAsyncIterable, isStreamCall, STREAM_CALLS } from "../../lib/singletons/stream_calls.ts";

describe("the calls that follow a stream", () => {
  it("have names that no method of a user can have", () => {
    for (const name of Object.values(STREAM_CALLS)) {
      assert(isStreamCall(name));
      assert(!isCallable(name));
    }
    for (const name of ["next", "end", "keep", "_other", ""]) assert(!isStreamCall(name));
  });
});

describe("isAsyncIterable()", () => {
  it("is true for generators, streams and objects with an asynchronous iterator", () => {
    async function* generate() {}
    const own = { [Symbol.asyncIterator]: () => generate() };
    for (const value of [generate(), own, new ReadableStream()]) assert(isAsyncIterable(value));
    const others = [[], "x", null, undefined, 1, {}, new Map(), { [Symbol.asyncIterator]: 1 }];
    assertEquals(others.filter(isAsyncIterable), []);
  });
});
