// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue } from "../../lib/codec.ts";
import { assertCode } from "../support/expect.ts";
import { Counters } from "../singletons/support/counters.ts";
import { lifeOf, observed, ScriptedGuest } from "./support/scripted_gateway.ts";

const AT = {
  type: "at",
  pid: { session: `h/${lifeOf("H")}/1`, seq: 1 },
  token: 5,
} as const;

/** A guest with two calls under way at one host, which are the first ones of their channel. */
async function start() {
  const guest = new ScriptedGuest();
  const line = await guest.serve();
  const remote = guest.node.name("k", new Counters().spec);
  const first = observed(remote.inc());
  await guest.pass(10);
  line.result(line.run("place"), AT);
  await guest.pass();
  const one = line.run("call");
  const second = observed(remote.inc());
  await guest.pass();
  const two = line.run("call");
  const numbers = [one, two].map(({ operation }) => [operation.birth, operation.sequence]);
  assertEquals(numbers, [[numbers[0][0], 1], [numbers[0][0], 2]]);
  return {
    ...{ guest, line, one, two, first, second },
    [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose](),
  };
}

describe("a call of a guest whose gateway says that it was refused (section 10)", () => {
  it("is outcome_unknown once the host has forgotten its channel: it may have begun", async () => {
    await using test = await start();
    const { guest, line, one, two, first, second } = test;
    line.result(two, { type: "lost" });
    await assertCode(guest.time.until(second), "outcome_unknown");
    // Another instance on the same host.
    const third = observed(guest.node.name("j", new Counters().spec).inc());
    await guest.pass(10);
    line.result(line.run("place"), AT);
    await guest.pass();
    const three = line.run("call");
    assert(three.operation.birth > one.operation.birth);
    line.result(one, { type: "refused" });
    await assertCode(guest.time.until(first), "outcome_unknown");
    line.result(three, { type: "returned", value: encodeValue([3], 100) });
    assertEquals(await guest.time.until(third), 3);
  });

  it("is made elsewhere as long as the host has not forgotten its channel", async () => {
    await using test = await start();
    const { guest, line, one, two, first, second } = test;
    line.result(two, { type: "lost" });
    await assertCode(guest.time.until(second), "outcome_unknown");
    line.result(one, { type: "refused" });
    await guest.pass(100);
    line.result(line.run("place"), { ...AT, token: 6 });
    await guest.pass();
    line.result(line.run("call"), { type: "returned", value: encodeValue([1], 100) });
    assertEquals(await guest.time.until(first), 1);
  });
});

describe("a call of a guest that a second gateway refuses (section 13)", () => {
  it("is outcome_unknown: the first one may have made it", async () => {
    for (const code of ["queue_full", "unauthorized"] as const) {
      await using test = await start();
      const { guest, line, one, two, first, second } = test;
      line.failed(two, code);
      await assertCode(guest.time.until(second), code);
      line.end("lost");
      await guest.pass();
      const next = await guest.serve();
      const said = await guest.keep(next, 2_000);
      const again = said.find(({ type }) => type === "run");
      assert(again?.type === "run" && again.number === one.number);
      next.failed(again, code);
      await assertCode(guest.time.until(first), "outcome_unknown");
    }
  });
});
