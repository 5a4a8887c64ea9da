import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { join, type JoinOptions, type Transport } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf } from "../support/expect.ts";

// deno-lint-ignore no-explicit-any -- what no program with types would pass
type Bad = any;

/** Values that each option must refuse. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  id: [undefined, null, 1, "", "a b", "a/b", "ä", "*", "x".repeat(65), {}, ["n1"]],
  members: [
    undefined,
    null,
    "n1",
    {},
    [],
    [1],
    ["n1", ""],
    ["n1", "n 2"],
    ["n1", "n1"],
    ["n1", undefined],
    new Set(["n1"]),
    Array.from({ length: 1_000 }, (_, index) => `n${index}`),
  ],
  transport: [
    undefined,
    null,
    "memory",
    {},
    [],
    [undefined],
    () => {},
    { open() {}, send() {} },
    { open() {}, close() {} },
    { open: true, send() {}, close() {} },
  ],
  sessionTtl: [null, 99, 600_001, 0, -1, 1.5, NaN, Infinity, "5000", {}, 5000n],
  timeout: [null, 0, -1, 1.5, NaN, Infinity, 2 ** 31, "2000", {}],
  signal: [null, {}, new AbortController(), "signal", { aborted: true }],
  maxValueBytes: [null, 0, -1, 1.5, NaN, Infinity, "1 MiB", {}, 2 ** 40],
  maxKeys: [null, 0, -1, 1.5, NaN, Infinity, "many", {}, 2 ** 40],
  clients: [null, 0, 1, "true", {}, "yes"],
  maxSessionTtl: [null, 99, 600_001, 0, -1, 1.5, NaN, Infinity, "5000", {}],
  afterMajorityLoss: [null, "", "Restart", "wait for me", true, 1, {}],
};

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
  for (const [option, refused] of Object.entries(REFUSED)) {
    it(`refuses a bad ${option} with a TypeError that names it`, async () => {
      for (const value of refused) {
        const error = await assertRejects(
          () => join({ ...goodOptions(), [option]: value } as Bad),
          TypeError,
          option,
        );
        assertEquals(error.message.startsWith("Cannot join: "), true);
      }
    });
  }

  it("refuses options that are not an object", async () => {
    for (const options of [undefined, null, 1, "n1"] as Bad[]) {
      await assertRejects(() => join(options), TypeError, "options");
    }
  });

  it("opens no transport if an option is bad", async () => {
    const log: string[] = [];
    const transport = noted(log, "a");
    await assertRejects(() => join({ ...goodOptions(), transport, sessionTtl: 1 }), TypeError);
    assertEquals(log, []);
  });

  it("takes every option at the ends of its range", async () => {
    const least = { sessionTtl: 100, maxSessionTtl: 100, timeout: 1, maxValueBytes: 1, maxKeys: 1 };
    const most = {
      sessionTtl: 600_000,
      maxSessionTtl: 600_000,
      timeout: 2 ** 31 - 1,
      maxValueBytes: 2 ** 20,
      maxKeys: 1_000_000,
      clients: false,
      afterMajorityLoss: "wait",
    } as const;
    for (const options of [least, most]) {
      await using node = await join({ ...goodOptions(), ...options });
      await node.ready;
    }
  });

  it("takes an id of 64 characters, of letters, digits, dots, underscores and dashes", async () => {
    const id = "A-Za.z0_9".padEnd(64, "x");
    await using node = await join({ ...goodOptions(), id, members: [id] });
    await node.ready;
    assertEquals(node.id, id);
    assertEquals(node.members, [id]);
  });

  it("ignores options that are undefined", async () => {
    const options = Object.fromEntries(
      Object.keys(REFUSED).slice(3).map((option) => [option, undefined]),
    );
    await using node = await join({ ...goodOptions(), ...options });
    await node.ready;
  });

  it("keeps its own copy of members", async () => {
    const members = ["n1"];
    await using node = await join({ ...goodOptions(), members });
    members.push("n2");
    await node.ready;
    assertEquals(node.members, ["n1"]);
  });

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
