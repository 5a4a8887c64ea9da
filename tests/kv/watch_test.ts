import { assert, assertEquals, assertGreater, assertLess, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import { decodeDown } from "../../lib/codec/guest_frame.ts";
import type { Reply } from "../../lib/paxos/messages.ts";
import type { Change, ClusterNode, Key, WatchOptions } from "../../mod.ts";
import { nameOf } from "../support/node_kind.ts";
import { startCluster } from "../support/real_cluster.ts";
import { reasonOf, valueOf } from "../support/expect.ts";
import { turn, within } from "../support/wait.ts";

const ABSENT = { present: false } as const;

/** A watcher from which changes are read one at a time. */
class Watcher<T = unknown> {
  readonly #changes: AsyncIterator<Change<T>>;

  constructor(node: ClusterNode, key: Key, options?: WatchOptions) {
    this.#changes = node.kv.watch<T>(key, options)[Symbol.asyncIterator]();
  }

  /** The next change; fails if the watcher has ended. */
  async next(): Promise<Change<T>> {
    const { done, value } = await within(this.#changes.next(), "the next change");
    assertEquals(done ?? false, false, "the watcher has ended");
    return value;
  }

  /** The value of the next change. */
  async nextValue(): Promise<T> {
    const change = await this.next();
    assert(change.present, "the key is absent");
    return change.value;
  }

  /** The next result: a change or the end. */
  step(): Promise<IteratorResult<Change<T>>> {
    return within(this.#changes.next(), "the next change or the end");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#changes.return?.();
  }
}

/** The number of changes that a gateway tells its guest in a frame. */
function eventsIn(frame: Uint8Array): number {
  const decoded = decodeDown(frame);
  return decoded.ok ? decoded.frame.messages.filter(({ type }) => type === "event").length : 0;
}

/** The replies in a frame. */
function repliesIn(frame: Uint8Array): readonly Reply[] {
  const decoded = decodeFrame(frame);
  assert(decoded.ok, "a node sends a frame that cannot be decoded");
  return decoded.frame.replies;
}

describe("watch", () => {
  it("yields the current state first: a value", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const { token } = valueOf(await first.kv.claim("k", "v"));
    await using watcher = new Watcher(second, "k");
    assertEquals(await watcher.next(), { present: true, value: "v", token });
  });

  it("yields the current state first: there never was a value", async () => {
    await using cluster = await startCluster(3);
    await using watcher = new Watcher(cluster.nodes[1], "k");
    assertEquals(await watcher.next(), ABSENT);
  });

  it("yields the current state first: the value was released", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("k", 1, { pid: process });
    await process.exit();
    await using watcher = new Watcher(second, "k");
    assertEquals(await watcher.next(), ABSENT);
  });

  it("yields each change as it happens: set, released, set again", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await using watcher = new Watcher<string>(third, "k");
    assertEquals(await watcher.next(), ABSENT);
    let last = 0;
    for (const [node, value] of [[first, "a"], [second, "b"], [third, "c"]] as const) {
      const process = node.spawn();
      const { token } = valueOf(await node.kv.claim("k", value, { pid: process }));
      assertEquals(await watcher.next(), { present: true, value, token });
      assertGreater(token, last);
      last = token;
      await process.exit();
      assertEquals(await watcher.next(), ABSENT);
    }
  });

  it("learns of a change by push: within a fraction of the time to live", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 60_000 });
    const [first, second] = cluster.nodes;
    await using watcher = new Watcher(second, "k");
    await watcher.next();
    const before = cluster.clock.now;
    await first.kv.put("k", 1);
    assertEquals(await watcher.nextValue(), 1);
    assertLess(cluster.clock.now - before, 5_000);
  });

  it("may skip states between two reads, and ends with the newest", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using watcher = new Watcher<number>(second, "k");
    assertEquals(await watcher.next(), ABSENT);
    for (let value = 0; value < 10; value++) {
      const process = first.spawn();
      await first.kv.put("k", value, { pid: process });
      await process.exit();
    }
    await first.kv.put("k", "last");
    const seen: unknown[] = [];
    for (;;) {
      const change = await watcher.next();
      if (!change.present) continue;
      seen.push(change.value);
      if ((change.value as unknown) === "last") break;
    }
    assertEquals(seen, [...new Set(seen)]);
  });

  it("omits a state that came and went between two reads", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using watcher = new Watcher(second, "k");
    await using other = new Watcher(second, "k");
    assertEquals([await watcher.next(), await other.next()], [ABSENT, ABSENT]);
    const process = first.spawn();
    await first.kv.put("k", "brief", { pid: process });
    assertEquals(await other.nextValue(), "brief");
    await process.exit();
    assertEquals(await other.next(), ABSENT);
    const next = watcher.next();
    await first.kv.put("k", "last");
    assertEquals(await other.nextValue(), "last");
    const change = await next;
    assertEquals(change.present && change.value, "last");
  });

  it("never goes back, with frames in any order", async () => {
    let delay = 0;
    await using cluster = await startCluster(3, {
      // Each frame overtakes some others, and some arrive twice.
      schedule(deliver) {
        delay = (delay + 7) % 23;
        setTimeout(deliver, delay);
        if (delay % 5 === 0) setTimeout(deliver, delay + 11);
      },
    });
    const [first, second, third] = cluster.nodes;
    await using watcher = new Watcher<number>(third, "k");
    const writing = (async () => {
      for (let value = 0; value < 15; value++) {
        const node = value % 2 === 0 ? first : second;
        const process = node.spawn();
        await node.kv.put("k", value, { pid: process, noQuorum: "retry" });
        await process.exit();
      }
      await first.kv.put("k", 1_000, { noQuorum: "retry" });
    })();
    let last = -1;
    let lastToken = 0;
    while (last < 1_000) {
      const change = await watcher.next();
      if (!change.present) continue;
      assertGreater(change.value, last);
      assertGreater(change.token, lastToken);
      last = change.value;
      lastToken = change.token;
    }
    await writing;
  });

  it("serves several watchers of one key and node, each from the current state on", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("k", "a", { pid: process });
    await using early = new Watcher(second, "k");
    assertEquals(await early.nextValue(), "a");
    await using late = new Watcher(second, "k");
    assertEquals(await late.nextValue(), "a");
    await process.exit();
    assertEquals(await Promise.all([early.next(), late.next()]), [ABSENT, ABSENT]);
    await using last = new Watcher(second, "k");
    assertEquals(await last.next(), ABSENT);
    await first.kv.put("k", "b");
    assertEquals(
      await Promise.all([early.nextValue(), late.nextValue(), last.nextValue()]),
      ["b", "b", "b"],
    );
  });

  it("continues for the others when one watcher stops", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const stopped = new Watcher(second, "k");
    await using other = new Watcher(second, "k");
    await stopped.next();
    await other.next();
    await stopped[Symbol.asyncDispose]();
    assertEquals((await stopped.step()).done, true);
    await first.kv.put("k", 1);
    assertEquals(await other.nextValue(), 1);
  });

  it("can be iterated more than once, each time from the current state on", async () => {
    await using cluster = await startCluster(1);
    const { kv } = cluster.nodes[0];
    const changes = kv.watch("k");
    for await (const change of changes) {
      assertEquals(change, ABSENT);
      break;
    }
    const { token } = valueOf(await kv.claim("k", 1));
    for await (const change of changes) {
      assertEquals(change, { present: true, value: 1, token });
      break;
    }
  });

  it("yields the same changes to many watchers on all nodes", async () => {
    await using cluster = await startCluster(3);
    const watchers = cluster.nodes.flatMap((node) =>
      Array.from({ length: 20 }, () => new Watcher(node, "k"))
    );
    for (const change of await Promise.all(watchers.map((watcher) => watcher.next()))) {
      assertEquals(change, ABSENT);
    }
    await cluster.nodes[0].kv.put("k", "v");
    for (const value of await Promise.all(watchers.map((watcher) => watcher.nextValue()))) {
      assertEquals(value, "v");
    }
    await Promise.all(watchers.map((watcher) => watcher[Symbol.asyncDispose]()));
  });

  it("follows keys of its bucket only", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    await using watcher = new Watcher(node, "k", { bucket: "b" });
    assertEquals(await watcher.next(), ABSENT);
    await node.kv.put("k", "default");
    await node.kv.put("k", "b", { bucket: "b" });
    assertEquals(await watcher.nextValue(), "b");
  });

  it("ends when the node closes, for pending and for later reads", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    const watcher = new Watcher(first, "k");
    await watcher.next();
    const waiting = watcher.step();
    await first.close();
    assertEquals(await waiting, { done: true, value: undefined });
    assertEquals(await watcher.step(), { done: true, value: undefined });
  });

  it("throws the reason of its signal: while it waits, before its first read, and after", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const controller = new AbortController();
    const { signal } = controller;
    const watcher = new Watcher(node, "k", { signal });
    await watcher.next();
    const waiting = reasonOf(watcher.step());
    const reason = { enough: true };
    controller.abort(reason);
    assertStrictEquals(await waiting, reason);
    assertStrictEquals(await reasonOf(new Watcher(node, "k", { signal }).step()), reason);
    assertStrictEquals(
      await reasonOf((async () => {
        for await (const _ of node.kv.watch("k", { signal })) break;
      })()),
      reason,
    );
  });

  it("of a process ends with that process", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const seen: unknown[] = [];
    const process = node.spawn(async (self) => {
      for await (const change of self.kv.watch("k")) seen.push(change);
    });
    const { token } = valueOf(await node.kv.claim("k", 1));
    while (seen.length === 0 || !(seen.at(-1) as Change<unknown>).present) await turn(1);
    const reason = new Error("enough");
    await process.exit(reason);
    assertStrictEquals(await reasonOf(process.result), reason);
    await node.kv.put("k", 2);
    assertEquals(seen.at(-1), { present: true, value: 1, token });
  });

  it("observes the end of a value that lasts until a time, without a read", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 60_000 });
    const [first, second] = cluster.nodes;
    const until = first.kv.now() + 200;
    await first.kv.put("k", 1, { until });
    await using watcher = new Watcher(second, "k");
    assertEquals(await watcher.nextValue(), 1);
    assertEquals(await watcher.next(), ABSENT);
    assert(Date.now() >= until);
    assertEquals(await first.kv.keys(), []);
  });

  it("observes the end of a value whose node vanished, without a read", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 300 });
    const [first, , third] = cluster.nodes;
    await third.kv.put("k", 1, { node: nameOf("n3"), noQuorum: "retry" });
    await using watcher = new Watcher(first, "k");
    assertEquals(await watcher.nextValue(), 1);
    cluster.isolate("n3");
    assertEquals(await watcher.next(), ABSENT);
  });

  it("observes the end of a value whose key is gone, without a read", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 300 });
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await first.kv.put("leader", 1, { pid: process });
    await first.kv.put("k", 1, { key: "leader" });
    await using watcher = new Watcher(second, "k");
    assertEquals(await watcher.nextValue(), 1);
    await process.exit();
    assertEquals(await watcher.next(), ABSENT);
  });

  it("waits for the quorum, and continues when it comes back", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 300 });
    const [first, second] = cluster.nodes;
    cluster.isolate("n1");
    await using watcher = new Watcher(first, "k");
    const next = watcher.next();
    await second.kv.put("k", "while n1 was away");
    cluster.heal();
    const change = await next;
    assertEquals(change.present && change.value, "while n1 was away");
  });

  it("catches up after a partition", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 300 });
    const [first, second] = cluster.nodes;
    await using watcher = new Watcher(first, "k");
    assertEquals(await watcher.next(), ABSENT);
    cluster.isolate("n1");
    await second.kv.put("k", "while n1 was away");
    cluster.heal();
    assertEquals(await watcher.nextValue(), "while n1 was away");
  });

  it("works from a client", async () => {
    await using cluster = await startCluster(3, { clients: true, sessionTtl: 100 });
    const client = await cluster.join("client");
    await using watcher = new Watcher(client, "k");
    assertEquals(await watcher.next(), ABSENT);
    await cluster.nodes[0].kv.put("k", 1);
    assertEquals(await watcher.nextValue(), 1);
  });

  it("leaves nothing on the members once it has stopped: they send no more changes", async () => {
    let pushed = 0;
    await using cluster = await startCluster(3, {
      sessionTtl: 60_000,
      schedule(deliver, _from, to, frame) {
        // A `learned` reply is a change that a member pushes to a node that watches.
        if (to === "n2") pushed += repliesIn(frame).filter(({ type }) => type === "learned").length;
        if (to === "~n2") pushed += eventsIn(frame);
        setTimeout(deliver, 0);
      },
    });
    const [first, second] = cluster.nodes;
    const pushedDuringWrites = async () => {
      pushed = 0;
      for (let round = 0; round < 10; round++) {
        const process = first.spawn();
        await first.kv.put("k", round, { pid: process });
        await process.exit();
      }
      return pushed;
    };
    await second.status();
    assertEquals(await pushedDuringWrites(), 0);
    const watchers = Array.from({ length: 10 }, () => new Watcher(second, "k"));
    await Promise.all(watchers.map((watcher) => watcher.next()));
    assertGreater(await pushedDuringWrites(), 10);
    await Promise.all(watchers.map((watcher) => watcher[Symbol.asyncDispose]()));
    // The members answer in order, so by now they know that the watchers have stopped.
    await second.status();
    assertEquals(await pushedDuringWrites(), 0);
  });
});
