// Runs in Deno alone: virtual time, which asks nothing of the platform.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { joinWith } from "../../lib/cluster/join_with.ts";
import { type MemoryStorage, memoryStorage } from "../../lib/storage/memory.ts";
import { type ClusterNode, type JoinOptions, SynodError, type Transport } from "../../mod.ts";
import { Stored } from "../storage/support/stored.ts";

/** A storage that another process has until it lets go, or until `load` fails. */
class Taken {
  readonly storage: MemoryStorage = memoryStorage();
  letGo: () => void = () => {};
  fail: (error: Error) => void = () => {};
  closed = 0;

  constructor() {
    const { load, close } = this.storage;
    this.storage.load = async (inUse) => {
      inUse?.();
      await new Promise<void>((resolve, reject) => [this.letGo, this.fail] = [resolve, reject]);
      return await load.call(this.storage);
    };
    this.storage.close = async () => {
      this.closed++;
      this.fail(new Error("it was closed"));
      await close.call(this.storage);
    };
  }
}

/** Member c, whose storage another process has. */
async function waiting(options: Partial<JoinOptions> = {}) {
  const cluster = new Stored();
  const taken = new Taken();
  const opened: string[] = [];
  const inner = cluster.time.network.transport();
  const transport: Transport = {
    open: (self, ...rest) => (opened.push(self), inner.open(self, ...rest)),
    send: (to, frame) => inner.send(to, frame),
    close: () => inner.close(),
  };
  const { storage } = taken;
  const node = await joinWith(
    { id: "c", members: cluster.ids, transport, storage, sessionTtl: 1_000, ...options },
    cluster.time.runtime,
  );
  cluster.nodes.set("c", node);
  const status = (of: ClusterNode = node) => cluster.time.until(of.status());
  return { cluster, taken, node, opened, status };
}

describe("a node whose storage another process has", () => {
  it("waits: it opens no transport, and is not blank", async () => {
    const { cluster, node, opened, status } = await waiting();
    await using _ = cluster;
    const [a] = await cluster.start("a", "b");
    await cluster.pass(5_000);
    const { waitingFor, members } = await status();
    assertEquals(waitingFor, ["storage in use"]);
    assertEquals(members.map(({ id, state, storage }) => [id, state, storage]), [
      ["a", "unknown", null],
      ["b", "unknown", null],
      ["c", "unknown", null],
    ]);
    assertEquals(opened, []);
    // Without it the others do not start.
    assertEquals((await status(a)).waitingFor, ["c"]);
    const failed = await cluster.time.until(node.kv.put("key", 1));
    assertEquals(failed.ok, false);
    assert(!failed.ok && failed.reason?.includes("storage in use"), JSON.stringify(failed));
  });

  it("takes its place once that has let it go, with what was asked meanwhile", async () => {
    const { cluster, taken, node, opened, status } = await waiting();
    await using _ = cluster;
    await cluster.start("a", "b");
    const put = node.kv.put("key", 1, { timeout: 60_000 });
    await cluster.pass(5_000);
    taken.letGo();
    await cluster.ready("a", "b", "c");
    assertEquals(await cluster.time.until(put), { ok: true, value: 1 });
    assertEquals([opened, (await status()).waitingFor], [["c"], []]);
    assertEquals(await cluster.storageOf("c"), "ok");
    assertEquals(await cluster.get("a", "key"), 1);
  });

  it("closes while it waits, and lets the storage go", async () => {
    const { cluster, taken, node, opened } = await waiting();
    const closed = node.close();
    await cluster.pass(5_000);
    await closed;
    assertEquals(await node.closed, { reason: null });
    assert(taken.closed > 0);
    assertEquals(opened, []);
  });

  it("closes when its signal aborts while it waits", async () => {
    const abort = new AbortController();
    const { cluster, taken, node, opened } = await waiting({ signal: abort.signal });
    abort.abort();
    await cluster.pass(5_000);
    assertEquals(await node.closed, { reason: null });
    assert(taken.closed > 0);
    assertEquals(opened, []);
  });

  it("closes with the error of a storage that fails then", async () => {
    const { cluster, taken, node } = await waiting();
    const errors: Error[] = [];
    node.addEventListener("error", ({ detail }) => void errors.push(detail.error));
    taken.fail(new Error("no such device"));
    await cluster.pass(5_000);
    const { reason } = await node.closed;
    assertEquals(reason?.code, "storage_failed");
    assert(reason?.message.includes("no such device"), reason?.message);
    assertEquals(errors, [reason as Error]);
    const failed = await assertRejects(() => node.ready, SynodError);
    assertInstanceOf(failed, SynodError);
    assertEquals(failed.code, "storage_failed");
  });

  it("closes if its transports cannot be opened then", async () => {
    const transport: Transport = {
      open: () => Promise.reject(new Error("no network")),
      send() {},
      close() {},
    };
    const { cluster, taken, node } = await waiting({ transport });
    taken.letGo();
    await cluster.pass(5_000);
    const { reason } = await node.closed;
    assertEquals(reason?.code, "unreachable");
    assert(reason?.message.includes("no network"), reason?.message);
  });

  it("also says so when it becomes a member: a client does not use its storage before", async () => {
    const ids = ["a", "b"];
    await using cluster = new Stored({ clients: true }, ids);
    await cluster.start(...ids);
    await cluster.ready(...ids);
    const taken = new Taken();
    cluster.disks.set("c", taken.storage);
    const [c] = await cluster.start("c");
    await cluster.ready("c");
    const change = cluster.nodes.get("a")!.changeMembers(["a", "b", "c"], { timeout: 60_000 });
    for (let i = 0; i < 100 && !(await cluster.time.until(c.status())).waitingFor.length; i++) {
      await cluster.pass(100);
    }
    assertEquals((await cluster.time.until(c.status())).waitingFor, ["storage in use"]);
    taken.letGo();
    await cluster.time.until(change);
    assertEquals(c.members, ["a", "b", "c"]);
    assertEquals((await cluster.time.until(c.status())).waitingFor, []);
    assertEquals(await cluster.storageOf("c"), "ok");
  });
});
