/** `query`: the locks of the whole cluster at one time. */
import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { nameOf } from "../../support/node_kind.ts";
import { startCluster } from "../../support/real_cluster.ts";
import { hold, webLocks } from "../support/web_locks.ts";

describe("locks.query of a cluster without locks", () => {
  it("is empty, before the first lock and after the last", async () => {
    await using cluster = await startCluster(3);
    const [{ locks: here }, { locks: there }] = cluster.nodes;
    assertEquals(await here.query(), { held: [], pending: [] });
    await here.request("a", () => {});
    assertEquals(await here.query(), { held: [], pending: [] });
    assertEquals(await there.query(), { held: [], pending: [] });
  });
});

describe("locks.query", () => {
  const web = webLocks();

  it("lists name, mode and node of each held lock, on every node", async () => {
    const names = [web.name(), web.name()];
    const one = await hold((callback) => web.here.request(names[0], callback));
    const other = await hold((callback) =>
      web.there.request(names[1], { mode: "shared" }, callback)
    );
    for (const locks of [web.here, web.there]) {
      const { held, pending } = await locks.query();
      assertEquals(held.toSorted((a, b) => a.name < b.name ? -1 : 1), [
        { name: names[0], mode: "exclusive", clientId: web.hereId },
        { name: names[1], mode: "shared", clientId: web.thereId },
      ]);
      assertEquals(pending, []);
    }
    await one.release();
    await other.release();
  });

  it("lists each owner of a shared lock", async () => {
    const name = web.name();
    const options = { mode: "shared" } as const;
    const holdings = [
      await hold((callback) => web.here.request(name, options, callback)),
      await hold((callback) => web.here.request(name, options, callback)),
      await hold((callback) => web.there.request(name, options, callback)),
    ];
    const { held } = await web.here.query();
    const { hereId, thereId } = web;
    assertEquals(
      held,
      [hereId, hereId, thereId].map((clientId) => ({ name, mode: "shared", clientId })),
    );
    for (const holding of holdings) await holding.release();
  });

  it("lists the requests that wait, of all nodes and in the order in which they will be granted", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const waiting = [web.there.request(name, { mode: "shared" }, () => {})];
    await web.there.query();
    waiting.push(web.here.request(name, () => {}));
    await web.here.query();
    waiting.push(web.there.request(name, () => {}));
    const { pending } = await web.there.query();
    assertEquals(pending, [
      { name, mode: "shared", clientId: web.thereId },
      { name, mode: "exclusive", clientId: web.hereId },
      { name, mode: "exclusive", clientId: web.thereId },
    ]);
    await held.release();
    await Promise.all(waiting);
  });

  it("shows every request that this node made before it, even just before", async () => {
    const name = web.name();
    const releases: (() => void)[] = [];
    const requests = (["exclusive", "shared", "exclusive", "shared", "shared"] as const).map((
      mode,
    ) =>
      web.here.request(name, { mode }, () => new Promise<void>((resolve) => releases.push(resolve)))
    );
    const { held, pending } = await web.here.query();
    assertEquals(held.map(({ mode }) => mode), ["exclusive"]);
    assertEquals(pending.map(({ mode }) => mode), ["shared", "exclusive", "shared", "shared"]);
    const done = Promise.all(requests);
    const release = setInterval(() => releases.splice(0).forEach((release) => release()), 2);
    await done.finally(() => clearInterval(release));
  });

  it("does not show a request that was withdrawn before it", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const aborter = new AbortController();
    const aborted = web.there.request(name, { signal: aborter.signal }, () => {}).catch(() => {});
    assertEquals((await web.there.query()).pending.length, 1);
    aborter.abort();
    await aborted;
    assertEquals((await web.there.query()).pending, []);
    await held.release();
  });

  it("returns a snapshot: later events do not change it, and each caller gets its own", async () => {
    const name = web.name();
    const held = await hold((callback) => web.here.request(name, callback));
    const [before, another] = [await web.here.query(), await web.here.query()];
    await held.release();
    assertEquals(before.held.map((lock) => lock.name), [name]);
    assertEquals(before, another);
    assertNotStrictEquals(before.held, another.held);
    before.held[0].name = "changed";
    assertEquals(another.held[0].name, name);
    assertEquals(await web.here.query(), { held: [], pending: [] });
  });

  it("shows holders and waiting requests: a deadlock is visible", async () => {
    const [one, other] = [web.name(), web.name()];
    const aborter = new AbortController();
    const { signal } = aborter;
    const first = await hold((callback) => web.here.request(one, callback));
    const second = await hold((callback) => web.there.request(other, callback));
    const waiting = [
      web.here.request(other, { signal }, () => {}).catch(() => {}),
      web.there.request(one, { signal }, () => {}).catch(() => {}),
    ];
    await web.here.query();
    const { held, pending } = await web.there.query();
    for (const { name, clientId } of pending) {
      const holder = held.find((lock) => lock.name === name)!;
      assert(holder.clientId !== clientId);
      assert(pending.some((request) => request.clientId === holder.clientId));
    }
    assertEquals(pending.length, 2);
    aborter.abort();
    await Promise.all(waiting);
    await first.release();
    await second.release();
  });
});

describe("locks.query and the other locks of the cluster", () => {
  it("lists locks of node.lock and process.lock whose key is a string, and no others", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    await using process = first.spawn();
    await first.lock("of the node", { mode: "shared" });
    await process.lock("of a process");
    await process.lock("of a process");
    for (const key of [1, ["of the node"], { of: "the node" }, null]) await first.lock(key);
    second.lock("of a process").catch(() => {});
    const { held, pending } = await second.locks.query();
    assertEquals(held.toSorted((a, b) => a.name < b.name ? -1 : 1), [
      { name: "of a process", mode: "exclusive", clientId: nameOf("n1") },
      { name: "of the node", mode: "shared", clientId: nameOf("n1") },
    ]);
    assertEquals(pending, [{ name: "of a process", mode: "exclusive", clientId: nameOf("n2") }]);
  });

  it("shares its names with them", async () => {
    await using cluster = await startCluster(3);
    const [first, second] = cluster.nodes;
    const lock = await first.lock("k");
    assertEquals(await second.locks.request("k", { ifAvailable: true }, (lock) => lock), null);
    await lock.release();
    await second.locks.request("k", async () => {
      assertEquals(await first.lock("k", { ifAvailable: true }), null);
    });
  });

  it("lists a thousand locks", async () => {
    // As long as it takes: this is not about the speed of a busy machine.
    await using cluster = await startCluster(3, { timeout: 60_000, sessionTtl: 60_000 });
    const [first, second] = cluster.nodes;
    const names = Array.from({ length: 1_000 }, (_, index) => `name ${index}`);
    const locks = await Promise.all(names.map((name) => first.lock(name)));
    const { held, pending } = await second.locks.query();
    assertEquals(held.map(({ name }) => name).sort(), names.toSorted());
    assertEquals(pending, []);
    await Promise.all(locks.map((lock) => lock.release()));
  });
});
