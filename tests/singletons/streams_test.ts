import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { assertCode, reasonOf } from "../support/expect.ts";
import { hostOf } from "../support/node_kind.ts";
import { collect, FEW_ROUND_TRIPS, iterate, SILENCE, startSource } from "./support/sources.ts";

describe("a method that returns an AsyncIterable", () => {
  it("gives its caller the items in order, and then the end", async () => {
    await using test = await startSource();
    const { time, remote, node, log } = test;
    const stream = await time.until(remote.count(3));
    assertEquals(await time.until(collect(stream)), [1, 2, 3]);
    const who = `begins for ${callerOf(node.id)}`;
    assertEquals(log, [who, "makes 1", "makes 2", "makes 3", "ends"]);
    assertEquals(await time.until(iterate(stream).next()), { done: true, value: undefined });
  });

  it("makes no item before it is asked for", async () => {
    await using test = await startSource();
    const { time, remote, cluster, log } = test;
    const iterator = iterate(await time.until(remote.count(9)));
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals(log, []);
    for (const n of [1, 2]) {
      assertEquals(await time.until(iterator.next()), { done: false, value: n });
      await cluster.pass(FEW_ROUND_TRIPS);
      assertEquals(log.at(-1), `makes ${n}`);
    }
  });

  it("leaves a non-concurrent instance free, also to be called by the generator", async () => {
    await using test = await startSource();
    const { time, remote } = test;
    const iterator = iterate(await time.until(remote.waits()));
    await time.until(iterator.next());
    const waiting = iterator.next();
    assertEquals(await time.until(remote.ping()), "pong");
    const asked = await time.until(remote.asks());
    assertEquals(await time.until(collect(asked)), ["pong"]);
    await time.until(iterator.return!());
    void waiting.catch(() => {});
  });

  it("stops the generator when its caller stops to iterate, and aborts its signal", async () => {
    await using test = await startSource();
    const { time, remote, log } = test;
    const stop = async () => {
      for await (const item of await remote.count(9)) if (item === 2) break;
    };
    await time.until(stop());
    assertEquals(log.slice(-3), ["makes 2", "aborted", "ends"]);
  });

  it("passes on what the generator throws", async () => {
    await using test = await startSource();
    const { time, remote } = test;
    const [one, error] = await time.until(collect(await time.until(remote.fails())));
    assertEquals([one, String(error)], [1, "RangeError: no more"]);
    const [odd] = await time.until(collect(await time.until(remote.odd())));
    const { name, message } = odd as Error;
    assertEquals(name, "TypeError");
    assert(message.startsWith("odd() yielded a value that cannot be sent"), message);
  });

  it("stops the generator when the caller is lost", async () => {
    await using test = await startSource();
    const { time, cluster, sources, log } = test;
    const caller = await cluster.join("c", { hosts: [] });
    const remote = caller.name(test.key, sources.spec);
    const iterator = iterate(await time.until(remote.count(9)));
    await time.until(iterator.next());
    await cluster.pass(2 * SILENCE);
    assertEquals(log.at(-1), "makes 1");
    cluster.crash("c");
    await cluster.pass(SILENCE);
    assertEquals(log.slice(-2), ["aborted", "ends"]);
    await time.until(caller.close());
  });

  it("ends as closed with its instance", async () => {
    await using test = await startSource();
    const { time, remote, log } = test;
    const iterator = iterate(await time.until(remote.waits()));
    await time.until(iterator.next());
    const next = reasonOf(iterator.next());
    await time.until(remote.leave());
    await assertCode(Promise.reject(await time.until(next)), "closed");
    assertEquals(log, ["ends"]);
    const other = iterate(await time.until(remote.count(3)));
    await time.until(other.next());
    await time.until(remote.leave());
    await assertCode(Promise.reject(await time.until(reasonOf(other.next()))), "closed");
  });

  it("is given to its caller even if its instance has ended meanwhile, since the method was executed", async () => {
    await using test = await startSource();
    const { time, remote } = test;
    const iterator = iterate(await time.until(remote.last()));
    await assertCode(Promise.reject(await time.until(reasonOf(iterator.next()))), "closed");
  });

  it("goes on while its host drains, until the time limit, and then ends as closed", async () => {
    await using test = await startSource();
    const { time, remote, cluster } = test;
    const short = iterate(await time.until(remote.count(2)));
    const long = iterate(await time.until(remote.waits()));
    await time.until(Promise.all([short.next(), long.next()]));
    const begun = time.runtime.now();
    const closing = cluster.host("n3").close({ timeout: 1_500 });
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals(await time.until(short.next()), { done: false, value: 2 });
    assertEquals((await time.until(short.next())).done, true);
    const late = reasonOf(long.next());
    await assertCode(Promise.reject(await time.until(late)), "closed");
    assert(time.runtime.now() - begun >= 1_500);
    await time.until(closing);
  });

  it("lets its host close at once when it is over", async () => {
    await using test = await startSource();
    const { time, remote, cluster } = test;
    const iterator = iterate(await time.until(remote.count(1)));
    await time.until(iterator.next());
    const begun = time.runtime.now();
    const closing = cluster.host("n3").close({ timeout: 60_000 });
    await cluster.pass(FEW_ROUND_TRIPS);
    assertEquals((await time.until(iterator.next())).done, true);
    await time.until(closing);
    assertLessOrEqual(time.runtime.now() - begun, 1_000);
  });

  it("gives one caller at most 1,000 streams of an instance", async () => {
    await using test = await startSource();
    const { time, remote, node, sources, cluster } = test;
    const caller = await cluster.join("c", { hosts: [] });
    const own = caller.name(test.key, sources.spec);
    for (let n = 0; n < 1_000; n += 50) {
      await time.until(Promise.all(Array.from({ length: 50 }, () => own.count(9))));
    }
    await assertCode(time.until(own.count(9)), "queue_full");
    const stream = await time.until(node.call(remote, "count", [1]));
    assertEquals(await time.until(collect(stream)), [1]);
    await time.until(caller.close());
  });
});

/** A node as those that it calls see it. */
function callerOf(id: string): string {
  return hostOf(id) === id ? id : `~${id}`;
}
