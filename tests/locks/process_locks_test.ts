import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nameOf } from "../support/node_kind.ts";
import { Cluster, startCluster } from "../support/real_cluster.ts";
import { reasonOf, valueOf } from "../support/expect.ts";
import { eventually, turn, within } from "../support/wait.ts";
import { isSettled, untilQueued } from "./support/queue.ts";

describe("process.lock", () => {
  it("is owned by the process", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const lock = await process.lock("k");
    assertEquals(await second.holders("k"), {
      ok: true,
      value: [{ pid: process.pid, mode: "exclusive", token: lock.token }],
    });
  });

  it("excludes other processes, of the same node and of others", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await using neighbour = first.spawn();
    await using stranger = second.spawn();
    await process.lock("k");
    assertStrictEquals(await neighbour.lock("k", { ifAvailable: true }), null);
    assertStrictEquals(await stranger.lock("k", { ifAvailable: true }), null);
    assertStrictEquals(await first.lock("k", { ifAvailable: true }), null);
  });

  it("does not block the process that holds it: a second call returns another handle", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const outer = await process.lock("k");
    const waiting = second.lock("k");
    await untilQueued(second, "k", 1);
    const inner = await within(process.lock("k"), "the second call");
    assert(inner !== outer);
    assertEquals([inner.token, inner.mode, inner.held], [outer.token, "exclusive", true]);
    assertEquals(await isSettled(waiting), false);
  });

  it("is free when all handles were released, in any order, and not before", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const handles = [await process.lock("k"), await process.lock("k"), await process.lock("k")];
    const waiting = second.lock("k");
    await untilQueued(second, "k", 1);
    await handles[1].release();
    await handles[1].release();
    await handles[0].release();
    assertEquals(handles.map(({ held }) => held), [false, false, true]);
    assertEquals(handles.map(({ signal }) => signal.aborted), [true, true, false]);
    assertEquals(await isSettled(waiting), false);
    await handles[2].release();
    assertGreater((await within(waiting, "the next owner")).token, handles[0].token);
  });

  it("gives one lock to calls that are made at the same time", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const handles = await Promise.all(Array.from({ length: 10 }, () => process.lock("k")));
    assertEquals(new Set(handles.map(({ token }) => token)).size, 1);
    assertEquals(valueOf(await second.holders("k")).length, 1);
    await Promise.all(handles.map((handle) => handle.release()));
    assert(await second.lock("k", { ifAvailable: true }));
  });

  it("gives one lock to calls that wait, each within its own limits", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const held = await second.lock("k");
    const aborter = new AbortController();
    const aborted = reasonOf(process.lock("k", { signal: aborter.signal }));
    const late = reasonOf(process.lock("k", { timeout: 30 }));
    const patient = process.lock("k");
    await untilQueued(second, "k", 1);
    assertStrictEquals((await late as DOMException).name, "TimeoutError");
    aborter.abort("gone");
    assertStrictEquals(await aborted, "gone");
    await untilQueued(second, "k", 1);
    await held.release();
    assert((await within(patient, "the patient one")).held);
  });

  it("leaves the queue when no call of the process waits any more", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await using _held = await second.lock("k");
    const late = [10, 20, 30].map((timeout) => reasonOf(process.lock("k", { timeout })));
    await Promise.all(late);
    await untilQueued(second, "k", 0);
    assertEquals(valueOf(await first.holders("k")).map(({ pid }) => pid.node), [nameOf("n2")]);
  });

  it("can be taken again after it was free", async () => {
    await using cluster = await startCluster(3);
    await using process = cluster.nodes[0].spawn();
    let last = 0;
    for (let i = 0; i < 5; i++) {
      const lock = await process.lock("k");
      assertGreater(lock.token, last);
      last = lock.token;
      void lock.release();
    }
  });

  it("counts the handles of each key separately", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const [a, b] = [await process.lock({ id: 1 }), await process.lock({ id: 2 })];
    const again = await process.lock({ id: 1 });
    assertStrictEquals(again.token, a.token);
    await b.release();
    assert(await second.lock({ id: 2 }, { ifAvailable: true }));
    assertStrictEquals(await second.lock({ id: 1 }, { ifAvailable: true }), null);
  });
});

describe("process.lock: modes", () => {
  it("exclusive while the process holds it shared is a TypeError", async () => {
    await using cluster = await startCluster(3);
    await using process = cluster.nodes[0].spawn();
    const shared = await process.lock("k", { mode: "shared" });
    assertInstanceOf(await reasonOf(process.lock("k")), TypeError);
    assertInstanceOf(await reasonOf(process.lock("k", { ifAvailable: true })), TypeError);
    assert(shared.held);
    await shared.release();
    assert((await process.lock("k")).held);
  });

  it("exclusive while a shared request of the process only waits: both get the exclusive lock", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const held = await second.lock("k");
    const shared = process.lock("k", { mode: "shared" });
    shared.catch(() => {});
    await untilQueued(second, "k", 1);
    const exclusive = process.lock("k");
    exclusive.catch(() => {});
    await eventually(async () => {
      const { pending } = await second.locks.query();
      return pending.length === 1 && pending[0].mode === "exclusive";
    }, "the exclusive request in place of the shared one");
    await held.release();
    // In any order of awaiting and releasing: neither waits for the other.
    const handles = await within(Promise.all([shared, exclusive]), "both handles");
    assertEquals(handles.map(({ mode, held }) => [mode, held]), [
      ["exclusive", true],
      ["exclusive", true],
    ]);
    assertStrictEquals(handles[0].token, handles[1].token);
    await handles[0].release();
    assertStrictEquals(await second.lock("k", { ifAvailable: true }), null);
    await handles[1].release();
    assert(await second.lock("k", { ifAvailable: true }));
  });

  it("exclusive after a shared request that waits goes to the end of the queue", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    await using process = first.spawn();
    const held = await second.lock("k");
    const shared = process.lock("k", { mode: "shared" });
    shared.catch(() => {});
    await untilQueued(second, "k", 1);
    const between = third.lock("k");
    between.catch(() => {});
    await untilQueued(second, "k", 2);
    const exclusive = process.lock("k");
    exclusive.catch(() => {});
    await eventually(async () => {
      const { pending } = await second.locks.query();
      return pending.map(({ clientId }) => clientId).join() === `${nameOf("n3")},${nameOf("n1")}`;
    }, "the process behind the other node");
    await held.release();
    await (await within(between, "the earlier request")).release();
    const handles = await within(Promise.all([shared, exclusive]), "both handles");
    assertEquals(handles.map(({ held }) => held), [true, true]);
  });

  it("exclusive beside a shared request that waits: each within its own limits", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const held = await second.lock("k");
    const aborter = new AbortController();
    const shared = reasonOf(process.lock("k", { mode: "shared", signal: aborter.signal }));
    const late = reasonOf(process.lock("k", { mode: "shared", timeout: 100 }));
    await untilQueued(second, "k", 1);
    const exclusive = process.lock("k");
    exclusive.catch(() => {});
    aborter.abort("gone");
    assertStrictEquals(await shared, "gone");
    assertStrictEquals((await late as DOMException).name, "TimeoutError");
    assertStrictEquals(await process.lock("k", { ifAvailable: true }), null);
    await held.release();
    assert((await within(exclusive, "its turn")).held);
  });

  it("shared while the process holds it exclusive is another handle of the exclusive lock", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const exclusive = await process.lock("k");
    const handle = await process.lock("k", { mode: "shared" });
    assertEquals([handle.token, handle.mode], [exclusive.token, "exclusive"]);
    await exclusive.release();
    assertStrictEquals(await second.lock("k", { mode: "shared", ifAvailable: true }), null);
    await handle.release();
    assert(await second.lock("k", { mode: "shared", ifAvailable: true }));
  });

  it("shared is reentrant too, even while another process's exclusive request waits", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const outer = await process.lock("k", { mode: "shared" });
    const waiting = second.lock("k");
    await untilQueued(second, "k", 1);
    const inner = await within(process.lock("k", { mode: "shared" }), "the inner handle");
    await outer.release();
    assertEquals(await isSettled(waiting), false);
    await inner.release();
    await within(waiting, "the exclusive one");
  });
});

describe("process.lock: ifAvailable and steal", () => {
  it("ifAvailable returns a handle if the process holds the lock, and null while it only waits", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const held = await second.lock("k");
    const waiting = process.lock("k");
    await untilQueued(second, "k", 1);
    assertStrictEquals(await process.lock("k", { ifAvailable: true }), null);
    await held.release();
    const lock = await within(waiting, "its turn");
    assertStrictEquals((await process.lock("k", { ifAvailable: true }))?.token, lock.token);
  });

  it("a call that waits does not get the null of an ifAvailable call beside it", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    const held = await second.lock("k");
    const maybe = process.lock("k", { ifAvailable: true });
    const surely = process.lock("k");
    assertStrictEquals(await maybe, null);
    assertEquals(await isSettled(surely), false);
    await held.release();
    assert((await within(surely, "its turn")).held);
  });

  it("a steal gives the lock also to the process's calls that wait", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await second.lock("k");
    const waiting = process.lock("k");
    await untilQueued(second, "k", 1);
    const thief = await within(process.lock("k", { steal: true }), "the theft");
    assertStrictEquals((await within(waiting, "the waiting request")).token, thief.token);
    await untilQueued(second, "k", 0);
  });

  it("a steal of the process's own lock is another handle", async () => {
    await using cluster = await startCluster(3);
    await using process = cluster.nodes[0].spawn();
    const lock = await process.lock("k");
    const handle = await process.lock("k", { steal: true });
    assertStrictEquals(handle.token, lock.token);
    await cluster.clock.pass(150);
    assert(lock.held && handle.held);
  });

  it("limits apply also behind a steal that waits for a quorum", async () => {
    await using cluster = new Cluster(3);
    const node = await cluster.join("n1");
    await using process = node.spawn();
    process.lock("k", { steal: true }).catch(() => {});
    const late = await within(reasonOf(process.lock("k", { timeout: 30 })), "the timeout");
    assertStrictEquals((late as DOMException).name, "TimeoutError");
    const signal = AbortSignal.timeout(30);
    assertStrictEquals(
      await within(reasonOf(process.lock("k", { signal })), "the abort"),
      signal.reason,
    );
  });
});

describe("process.lock: the end of the process", () => {
  it("releases all its locks, with any number of handles", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    const locks = [await process.lock("a"), await process.lock("a"), await process.lock("b")];
    await process.exit("done");
    assert(locks.every(({ held, signal }) => !held && signal.aborted));
    assert(locks.every(({ signal }) => signal.reason === "done"));
    assert(await second.lock("a", { ifAvailable: true }));
    assert(await second.lock("b", { ifAvailable: true }));
  });

  it("at the end of its function releases its locks too", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    for (const outcome of ["returned", "threw"]) {
      const process = first.spawn(async (self) => {
        await self.lock("k");
        if (outcome === "threw") throw new Error("it failed");
      });
      await process.result.catch(() => {});
      const next = await within(second.lock("k"), `the next owner after it ${outcome}`);
      await next.release();
    }
  });

  it("withdraws its requests, which reject with the reason", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const process = first.spawn();
    await using _held = await second.lock("k");
    const waiting = reasonOf(process.lock("k"));
    await untilQueued(second, "k", 1);
    const reason = new Error("out of here");
    await process.exit(reason);
    assertStrictEquals(await waiting, reason);
    await untilQueued(second, "k", 0);
    assertStrictEquals(await reasonOf(process.lock("k")), reason);
  });

  it("releases a lock that was granted in the turn of its end", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    for (let steps = 0; steps < 30; steps++) {
      const process = first.spawn();
      const request = process.lock("k").catch(() => null);
      for (let i = 0; i < steps; i++) await (i % 2 === 0 ? Promise.resolve() : turn());
      await process.exit();
      await request;
      const next = await within(second.lock("k"), `the next owner, after ${steps} steps`);
      await next.release();
    }
  });
});
