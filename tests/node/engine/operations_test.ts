// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../../lib/errors.ts";
import { noQuorum, noQuorumResult, Operations } from "../../../lib/node/engine/operations.ts";
import type { Operation } from "../../../lib/node/runtime/operation.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

const FOR_EVER = { deadline: Infinity };

const failure = new SynodError("replaced", "another process");

/** The error with which an operation ends. */
const errorOf = (operation: Operation<unknown>) =>
  assertRejects(() => operation.promise, SynodError);

describe("Operations", () => {
  it("counts those under way", () => {
    const operations = new Operations(new VirtualTime().runtime);
    const [first, second] = [operations.begin(FOR_EVER), operations.begin(FOR_EVER)];
    assertEquals(operations.size, 2);
    first.resolve(1);
    assertEquals(operations.size, 1);
    second.promise.catch(() => {});
    second.reject(failure);
    assertEquals(operations.size, 0);
  });

  it("end with no_quorum at their deadline, or with another error", async () => {
    const time = new VirtualTime();
    const operations = new Operations(time.runtime);
    const [usual, own] = [
      operations.begin({ deadline: 100 }),
      operations.begin({ deadline: 100 }, () => new SynodError("full", "no room")),
    ];
    const ended = Promise.all([errorOf(usual), errorOf(own)]);
    await time.pass(99);
    assertEquals(operations.size, 2);
    await time.pass(1);
    assertEquals((await ended).map(({ code }) => code), ["no_quorum", "full"]);
    assertEquals([operations.size, time.timers], [0, 0]);
  });

  it("end all together, and others may begin", async () => {
    const operations = new Operations(new VirtualTime().runtime);
    const [first, second] = [operations.begin(FOR_EVER), operations.begin(FOR_EVER)];
    const ended = Promise.all([errorOf(first), errorOf(second)]);
    operations.end(failure);
    for (const error of await ended) assertStrictEquals(error, failure);
    operations.begin(FOR_EVER);
    assertEquals([operations.size, operations.fatal], [1, undefined]);
  });

  it("fail all, also those that begin later, until the node recovers", async () => {
    const operations = new Operations(new VirtualTime().runtime);
    const first = errorOf(operations.begin(FOR_EVER));
    operations.fail(failure);
    assertStrictEquals(operations.fatal, failure);
    for (const ended of [first, errorOf(operations.begin(FOR_EVER))]) {
      assertStrictEquals(await ended, failure);
    }
    operations.recover();
    assertEquals(operations.begin(FOR_EVER).ended, false);
  });

  it("are closed for those that begin after the close alone", async () => {
    const operations = new Operations(new VirtualTime().runtime);
    const before = operations.begin(FOR_EVER);
    operations.close();
    assertEquals(before.ended, false);
    assertEquals((await errorOf(operations.begin(FOR_EVER))).code, "closed");
  });

  it("are at most a million", async () => {
    const operations = new Operations(new VirtualTime().runtime);
    for (let i = 0; i < 1_000_000; i++) operations.begin(FOR_EVER);
    const error = await errorOf(operations.begin(FOR_EVER));
    assertEquals(error.code, "queue_full");
    assertEquals(operations.size, 1_000_000);
  });
});

describe("noQuorumResult()", () => {
  it("is a result for an operation without a quorum alone", () => {
    const result = noQuorumResult(noQuorum("n2 does not answer"));
    // The reason does not count in comparisons.
    assertEquals(result, { ok: false, error: "no_quorum" });
    assertEquals(
      !result.ok && result.reason,
      "No quorum of the members answered in time: n2 does not answer",
    );
    for (const error of [failure, new Error("no_quorum"), "no_quorum", undefined]) {
      let thrown: unknown = "nothing";
      try {
        noQuorumResult(error);
      } catch (reason) {
        thrown = reason;
      }
      assertStrictEquals(thrown, error);
    }
    assertThrows(() => noQuorumResult(failure), SynodError, "another process");
  });
});
