import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { join, type JoinOptions, type Transport } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { startCluster } from "../support/real_cluster.ts";

// deno-lint-ignore no-explicit-any -- what no program with types would pass
type Bad = any;

/** Valid options, with a network of their own. */
function goodOptions(): JoinOptions {
  return { id: "n1", members: ["n1"], transport: memoryNetwork().transport() };
}

/** A transport that records its calls, and connects to no peer. */
function noted(
  log: string[],
  name: string,
  open: () => void | Promise<void> = () => {},
): Transport {
  return {
    open() {
      log.push(`open ${name}`);
      return open();
    },
    send() {},
    close() {
      log.push(`close ${name}`);
    },
  };
}

describe("join", () => {
  it("resolves when the transports are open, before there is a quorum", async () => {
    await using cluster = await startCluster(1);
    const node = await cluster.join("late", { members: ["late", "later"] });
    assertEquals(node.hasQuorum, false);
    assertEquals(node.id, "late");
  });

  it("gives each start of a node a new life", async () => {
    const lives = new Set<string>();
    for (let i = 0; i < 5; i++) {
      await using node = await join(goodOptions());
      lives.add(node.life);
    }
    assertEquals(lives.size, 5);
  });

  it("rejects with the error of a transport that does not open, and closes all of them", async () => {
    const refusal = new Error("no such network");
    const fails: (() => void | Promise<void>)[] = [
      () => Promise.reject(refusal),
      () => {
        throw refusal;
      },
    ];
    for (const fail of fails) {
      const log: string[] = [];
      const transport = [noted(log, "a"), noted(log, "b", fail), noted(log, "c")];
      assertStrictEquals(await reasonOf(join({ ...goodOptions(), transport })), refusal);
      assertEquals(log, ["open a", "open b", "close a", "close b", "close c"]);
    }
  });

  it("rejects with the reason of a signal that was aborted before, and closes the transport", async () => {
    const log: string[] = [];
    const reason = new Error("changed my mind");
    const options = { ...goodOptions(), transport: noted(log, "a") };
    const rejected = await reasonOf(join({ ...options, signal: AbortSignal.abort(reason) }));
    assertStrictEquals(rejected, reason);
    assertEquals(log.at(-1) ?? "close a", "close a");
  });

  it("works over several transports at once", async () => {
    const networks = [memoryNetwork(), memoryNetwork()];
    const members = ["a", "b"];
    const nodes = await Promise.all(
      members.map((id) =>
        join({ id, members, transport: networks.map((network) => network.transport()) })
      ),
    );
    await Promise.all(nodes.map((node) => node.ready));
    assertEquals(await nodes[0].kv.put("k", 1), { ok: true, value: 1 });
    assertEquals(await nodes[1].kv.get("k"), { ok: true, value: 1 });
    await Promise.all(nodes.map((node) => node.close()));
  });

  it("starts with any of several transports that works", async () => {
    const broken = memoryNetwork({ schedule() {} });
    const working = memoryNetwork();
    const members = ["a", "b"];
    const nodes = await Promise.all(
      members.map((id) =>
        join({ id, members, transport: [broken.transport(), working.transport()] })
      ),
    );
    await Promise.all(nodes.map((node) => node.ready));
    assertEquals(await nodes[0].kv.put("k", 1), { ok: true, value: 1 });
    await Promise.all(nodes.map((node) => node.close()));
  });

  it("refuses a transport that another node has opened", async () => {
    const transport = memoryNetwork().transport();
    await using _node = await join({ ...goodOptions(), transport });
    await assertRejects(() => join({ ...goodOptions(), transport }), TypeError);
  });
});

describe("the signal of join", () => {
  it("closes the node when it aborts", async () => {
    const controller = new AbortController();
    const node = await join({ ...goodOptions(), signal: controller.signal });
    await node.ready;
    const process = node.spawn();
    controller.abort();
    await process.exited;
    await assertCode(node.kv.get("k"), "closed");
    await node.close();
    assertEquals(node.hasQuorum, false);
  });
});
