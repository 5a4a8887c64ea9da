import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { EntryChange, Key, PaxosKV, WatchOptions } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";
import { reasonOf, valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { within } from "../support/wait.ts";

/** A watch from which changes are read one at a time, as `[key, value]` or `[key]`. */
class Watcher {
  readonly #changes: AsyncIterator<EntryChange<unknown>>;

  constructor(kv: PaxosKV, options?: WatchOptions) {
    this.#changes = kv.watchAll(options)[Symbol.asyncIterator]();
  }

  /** The next change; fails if the watch has ended. */
  async next(): Promise<[Key, unknown?]> {
    const { done, value } = await this.step();
    assert(!done, "the watch has ended");
    return value.present ? [value.key, value.value] : [value.key];
  }

  /** The next `count` changes. */
  async take(count: number): Promise<[Key, unknown?][]> {
    const changes: [Key, unknown?][] = [];
    while (changes.length < count) changes.push(await this.next());
    return changes;
  }

  /** The next result: a change or the end. */
  step(): Promise<IteratorResult<EntryChange<unknown>>> {
    return within(this.#changes.next(), "the next change or the end");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#changes.return?.();
  }
}

describe("kv.watchAll()", () => {
  it("yields what is there in the order of keys(), then each change, of one bucket", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("b", 1, { bucket: "letters", pid: process });
    const { token } = valueOf(await second.kv.claim("a", 2, { bucket: "letters" }));
    await second.kv.put("other", 3);
    await using watcher = new Watcher(third.kv, { bucket: "letters" });
    await using unnamed = new Watcher(third.kv);
    assertEquals((await watcher.step()).value, { key: "a", present: true, value: 2, token });
    assertEquals(await watcher.next(), ["b", 1]);
    assertEquals(await unnamed.next(), ["other", 3]);
    await first.kv.put("c", 4, { bucket: "letters" });
    assertEquals(await watcher.next(), ["c", 4]);
    await process.exit();
    assertEquals((await watcher.step()).value, { key: "b", present: false });
    await second.kv.put("b", 5, { bucket: "letters" });
    assertEquals(await watcher.next(), ["b", 5]);
    await second.kv.put("last", 6);
    assertEquals(await unnamed.next(), ["last", 6]);
  });

  it("waits for the first key of an empty bucket", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using watcher = new Watcher(second.kv);
    const next = watcher.next();
    await first.kv.put("k", 1);
    assertEquals(await next, ["k", 1]);
  });

  it("gives each of several watches what is there when it begins", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("a", 1, { pid: process });
    await using early = new Watcher(second.kv);
    assertEquals(await early.next(), ["a", 1]);
    await first.kv.put("b", 2);
    await using late = new Watcher(second.kv);
    assertEquals(await late.take(2), [["a", 1], ["b", 2]]);
    assertEquals(await early.next(), ["b", 2]);
    await process.exit();
    assertEquals(await Promise.all([early.next(), late.next()]), [["a"], ["a"]]);
    await using last = new Watcher(second.kv);
    assertEquals(await last.next(), ["b", 2]);
  });

  it("skips what came and went before it was read", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using watcher = new Watcher(second.kv);
    await using other = new Watcher(second.kv);
    await first.kv.put("begin", 0);
    assertEquals([await watcher.next(), await other.next()], [["begin", 0], ["begin", 0]]);
    const process = first.spawn();
    await first.kv.put("brief", 1, { pid: process });
    assertEquals(await other.next(), ["brief", 1]);
    await process.exit();
    assertEquals(await other.next(), ["brief"]);
    await first.kv.put("last", 2);
    assertEquals(await other.next(), ["last", 2]);
    assertEquals(await watcher.next(), ["last", 2]);
  });

  it("never goes back, and has the last state of each key, with frames in any order", async () => {
    let delay = 0;
    await using cluster = await startCluster(3, {
      // Each frame overtakes some others, and some arrive twice.
      schedule(deliver) {
        delay = (delay + 7) % 23;
        setTimeout(deliver, delay);
        if (delay % 5 === 0) setTimeout(deliver, delay + 11);
      },
    });
    const { nodes: [first, second, third] } = cluster;
    const noQuorum = "retry";
    const writing = Promise.all([first, second].map(async (node, writer) => {
      for (let value = 0; value < 8; value++) {
        const process = node.spawn();
        await node.kv.put(`k${(writer + value) % 3}`, value, { pid: process, noQuorum });
        await process.exit();
      }
    })).then(() => first.kv.put("end", "end", { noQuorum }));
    const tokens = new Map<Key, number>();
    const there = new Set<Key>();
    for await (const change of third.kv.watchAll()) {
      if (change.present) {
        assertGreater(change.token, tokens.get(change.key) ?? 0);
        tokens.set(change.key, change.token);
        there.add(change.key);
      } else there.delete(change.key);
      if (there.size === 1 && there.has("end")) break;
    }
    await writing;
  });

  it("finds what it missed while it was cut off", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, , third] } = cluster;
    const process = first.spawn();
    await time.until(first.kv.put("a", 1, { pid: process }));
    await using watcher = new Watcher(third.kv);
    assertEquals(await time.until(watcher.next()), ["a", 1]);
    cluster.isolate("n3");
    await time.until(first.kv.put("b", 2));
    await time.until(process.exit());
    const next = watcher.take(2);
    cluster.heal();
    assertEquals((await time.until(next)).sort(), [["a"], ["b", 2]]);
  });

  it("leaves out what has ended, and tells when something ends", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 10_000 });
    const { time, nodes: [first, second, third] } = cluster;
    const { kv } = first;
    await time.until(kv.put("soon", 1, { until: kv.now() + 1_000 }));
    await time.until(kv.put("later", 2, { until: kv.now() + 30_000 }));
    await time.until(kv.put("pid", 3, { pid: third.spawn() }));
    await cluster.pass(1_000);
    await using watcher = new Watcher(second.kv);
    assertEquals(await time.until(watcher.take(2)), [["pid", 3], ["later", 2]]);
    cluster.isolate("n3");
    assertEquals(await time.until(watcher.next()), ["pid"]);
    assertEquals(await time.until(watcher.next()), ["later"]);
  });

  it("begins when there is a quorum", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first] } = cluster;
    await time.until(first.kv.put("k", 1));
    cluster.isolate("n2", "n3");
    await using watcher = new Watcher(first.kv);
    const next = watcher.next();
    await cluster.pass(8_000);
    cluster.heal();
    assertEquals(await time.until(next), ["k", 1]);
  });

  it("ends with its signal, its process and its node", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const aborter = new AbortController();
    const process = node.spawn();
    await using aborted = new Watcher(node.kv, { signal: aborter.signal });
    await using owned = new Watcher(process.kv);
    await using closed = new Watcher(node.kv);
    const ends = [aborted, owned].map((watcher) => reasonOf(watcher.step()));
    const end = closed.step();
    aborter.abort("enough");
    void process.exit("done");
    assertEquals(await Promise.all(ends), ["enough", "done"]);
    await node.close();
    assertEquals(await end, { done: true, value: undefined });
  });

  it("refuses bad options", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    // deno-lint-ignore no-explicit-any -- options that the types forbid
    const watchAll = (options: any) => () => void kv.watchAll(options);
    assertThrows(watchAll({ bucket: 1 }), TypeError, "watchAll: bucket must be a string");
    assertThrows(watchAll({ timeout: 1 }), TypeError, "watchAll: unknown option timeout");
    assertThrows(watchAll("b"), TypeError, "watchAll: options must be an object");
  });
});
