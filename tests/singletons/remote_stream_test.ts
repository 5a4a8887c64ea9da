import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { assertCode, reasonOf } from "../support/expect.ts";
import { FEW_ROUND_TRIPS, iterate, SESSION_TTL, SILENCE, startSource } from "./support/sources.ts";

describe("a stream at its caller", () => {
  it("answers calls of next() that overlap in their order", async () => {
    await using test = await startSource();
    const { time, remote } = test;
    const iterator = iterate(await time.until(remote.count(2)));
    const all = Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
    const values = (await time.until(all)).map(({ done, value }) => done ? "end" : value);
    assertEquals(values, [1, 2, "end", "end"]);
  });

  it("has no time limit after its first answer", async () => {
    await using test = await startSource();
    const { time, remote, node, cluster } = test;
    const call = node.call(remote, "waits", [], { timeout: 50 });
    const iterator = iterate(await time.until(call));
    await cluster.pass(SILENCE);
    assertEquals(await time.until(iterator.next()), { done: false, value: 1 });
    let isSettled = false;
    const settle = () => void (isSettled = true);
    iterator.next().then(settle, settle);
    await cluster.pass(SILENCE);
    assert(!isSettled);
    await time.until(iterator.return!());
  });

  it("ends with outcome_unknown when its host is lost, while its caller waits and while it does not", async () => {
    for (const waits of [true, false]) {
      await using test = await startSource();
      const { time, remote, cluster } = test;
      const iterator = iterate(await time.until(remote.waits()));
      await time.until(iterator.next());
      const next = waits ? reasonOf(iterator.next()) : undefined;
      await cluster.pass(FEW_ROUND_TRIPS);
      cluster.isolate("n3");
      await cluster.pass(2 * SESSION_TTL);
      const reason = next ?? reasonOf(iterator.next());
      await assertCode(Promise.reject(await time.until(reason)), "outcome_unknown");
      assertEquals((await time.until(iterator.next())).done, true);
    }
  });

  it("stops the generator when the node of the caller closes", async () => {
    await using test = await startSource();
    const { time, cluster, sources, log } = test;
    const caller = await cluster.join("c", { hosts: [] });
    const remote = caller.name(test.key, sources.spec);
    const iterator = iterate(await time.until(remote.count(9)));
    await time.until(iterator.next());
    await time.until(caller.close());
    await assertCode(iterator.next(), "closed");
    await cluster.pass(SILENCE);
    assertEquals(log.slice(-2), ["aborted", "ends"]);
  });

  it("stops the generator when the signal of the call is aborted", async () => {
    await using test = await startSource();
    const { time, remote, node, cluster, log } = test;
    const controller = new AbortController();
    const call = node.call(remote, "count", [9], { signal: controller.signal });
    const iterator = iterate(await time.until(call));
    await time.until(iterator.next());
    controller.abort(new Error("enough"));
    assertEquals(String(await time.until(reasonOf(iterator.next()))), "Error: enough");
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals(log.slice(-2), ["aborted", "ends"]);
  });
});
