import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ClusterNode, type Key, Lock } from "../../mod.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { Cluster, startCluster } from "../support/real_cluster.ts";
import { nextEvent, within } from "../support/wait.ts";
import { isSettled, Order, untilQueued } from "./support/queue.ts";
import { Turnstile } from "./support/turnstile.ts";

describe("node.lock", () => {
  it("returns a free lock with all its properties", async () => {
    await using cluster = await startCluster(3);
    const lock = await cluster.nodes[0].lock("k");
    assertInstanceOf(lock, Lock);
    assertEquals([lock.key, lock.mode, lock.held, lock.signal.aborted], [
      "k",
      "exclusive",
      true,
      false,
    ]);
    assert(Number.isSafeInteger(lock.token) && lock.token > 0, `token ${lock.token}`);
  });

  it("excludes all other owners, on its own node and on others, until it is released", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    const others = [first.lock("k"), second.lock("k")];
    await untilQueued(first, "k", 2);
    assertEquals(await Promise.all(others.map(isSettled)), [false, false]);
    await lock.release();
    await (await within(others[0], "the first in the queue")).release();
    await (await within(others[1], "the next")).release();
  });

  it("never has two owners, and gives each a greater token than the previous one", async () => {
    await using cluster = await startCluster(3);
    const turnstile = new Turnstile();
    const user = async (node: ClusterNode) => {
      for (let turn = 0; turn < 5; turn++) {
        const lock = await node.lock("k");
        await turnstile.pass(lock);
        await lock.release();
      }
    };
    await Promise.all([...cluster.nodes, ...cluster.nodes].map(user));
    assertEquals(turnstile.turns, 30);
  });

  it("serves requests in the order of arrival, on all nodes", async () => {
    await using cluster = await startCluster(3);
    const [first, second, third] = cluster.nodes;
    const held = await first.lock("k");
    const order = new Order<number>();
    const comers = [second, third, first, third, second, second, first, third, first];
    for (const [index, node] of comers.entries()) {
      order.add(index, node.lock("k"));
      await untilQueued(node, "k", index + 1);
    }
    await held.release();
    await within(order.done(), "all turns");
    assertEquals(order.granted, [...comers.keys()]);
    assertEquals(order.tokens, order.tokens.toSorted((a, b) => a - b));
    assertEquals(new Set([held.token, ...order.tokens]).size, comers.length + 1);
  });

  it("keeps the order of requests that one node makes at the same time", async () => {
    await using cluster = await startCluster(3);
    const [node] = cluster.nodes;
    const order = new Order<number>();
    for (let index = 0; index < 50; index++) order.add(index, node.lock("k"));
    await within(order.done(), "all turns");
    assertEquals(order.granted, [...order.granted.keys()]);
  });

  it("keeps that order also for requests made before there is a session", async () => {
    await using cluster = new Cluster(3);
    const node = await cluster.join("n1");
    const order = new Order<string>();
    order.add("first", node.lock("k"));
    // A request that gives up must not let later ones pass.
    const late = await reasonOf(node.lock("k", { timeout: 20 }));
    assertStrictEquals((late as DOMException).name, "TimeoutError");
    const quorum = nextEvent(node, "quorum");
    // In the turn in which the session is granted, the other requests have not gone on yet.
    node.addEventListener("quorum", () => order.add("second", node.lock("k")), { once: true });
    await Promise.all(["n2", "n3"].map((id) => cluster.join(id)));
    await quorum;
    await within(order.done(), "both turns");
    assertEquals(order.granted, ["first", "second"]);
  });
});

describe("node.lock: a key", () => {
  it("may be any key of the KV, and is the same key if it encodes to the same bytes", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const same: [Key, Key][] = [
      [{ a: 1, b: [2, "x"] }, { b: [2, "x"], a: 1 }],
      [1n, 1],
      [-0, 0],
      ["", ""],
      ["\ud800", "\ud800"],
      [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ];
    for (const [one, other] of same) {
      const lock = await first.lock(one);
      assertStrictEquals(lock.key, one);
      assertStrictEquals(await second.lock(other, { ifAvailable: true }), null);
      await lock.release();
    }
  });

  it("is another key if it encodes to other bytes", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const different: Key[] = [
      1,
      "1",
      "k",
      "K",
      ["k"],
      "\ud800",
      "\udfff",
      "\ufffd",
      "",
      null,
      true,
    ];
    const locks = await Promise.all(different.map((key) => first.lock(key)));
    assert(locks.every((lock) => lock.held));
    assertStrictEquals(await second.lock("k", { ifAvailable: true }), null);
  });

  it("is independent of the same key in the KV", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using _lock = await first.lock("k");
    assertEquals(await second.kv.put("k", "value"), { ok: true, value: "value" });
    assertEquals(await second.kv.keys(), ["k"]);
  });

  it("that cannot be encoded is refused", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const bad: unknown[] = [undefined, () => {}, Symbol("k"), new Error("k"), [new WeakSet()]];
    for (const key of bad) {
      assertInstanceOf(await reasonOf(node.lock(key as Key)), TypeError, String(key));
      assertInstanceOf(await reasonOf(node.holders(key as Key)), TypeError, String(key));
    }
  });
});

describe("a closed node", () => {
  it("rejects every request with `closed`", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    const process = node.spawn();
    await node.close();
    await assertCode(node.lock("k"), "closed");
    await assertCode(node.holders("k"), "closed");
    await assertCode(process.lock("k"), "closed");
    await assertCode(node.locks.request("k", () => {}), "closed");
    await assertCode(node.locks.query(), "closed");
  });

  it("rejects the requests that wait with `closed`", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using _held = await first.lock("k");
    const waiting = second.lock("k");
    const queued = second.locks.request("k", () => {});
    waiting.catch(() => {});
    queued.catch(() => {});
    await untilQueued(first, "k", 2);
    await second.close();
    await assertCode(waiting, "closed");
    await assertCode(queued, "closed");
    await untilQueued(first, "k", 0);
  });
});
