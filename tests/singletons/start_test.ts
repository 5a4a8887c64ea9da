import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import type { ChildContext, ChildSpec, Key, Transport } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf, valueOf } from "../support/expect.ts";
import { hostOf } from "../support/node_kind.ts";
import { eventually, turn, within } from "../support/wait.ts";
import { Counters } from "./support/counters.ts";
import { keyFor } from "./support/keys.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

/** The whole numbers from 1. */
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("name", () => {
  it("starts nothing", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    for (const node of cluster.nodes) node.name("apple", counters.spec, 1);
    for (const node of cluster.nodes) {
      assertEquals(await node.lookup(node.name("apple", counters.spec)), NOT_FOUND);
      assertEquals((await node.status()).owned, { processes: 0, locks: 0, singletons: 0 });
    }
    assertEquals(counters.contexts, []);
  });

  it("returns a remote that can be awaited and called in any order, and calls nothing by itself", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(1, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const apple = await node.name("apple", counters.spec);
    const { inc } = apple;
    assertEquals(counters.contexts, []);
    assertEquals(await inc(), 1);
  });

  it("compares keys as the KV does: the same key is the same singleton", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const same: Key[][] = [
      [{ a: 1, b: 2 }, { b: 2, a: 1 }],
      [0, 0n, -0],
      [["\ud800"], ["\ud800"]],
      [new Uint8Array([1]), new Uint8Array([1])],
    ];
    for (const keys of same) {
      const counts = [];
      for (const [index, key] of keys.entries()) {
        counts.push(await cluster.nodes[index % 2].name(key, counters.spec).inc());
      }
      assertEquals(counts, upTo(keys.length));
    }
    const other: Key[] = ["1", [1], { a: 1 }, { a: 1, b: 3 }, "", null, true, ["\udc00"]];
    for (const key of other) {
      assertEquals(await cluster.nodes[0].name(key, counters.spec).inc(), 1);
    }
    assertEquals(counters.contexts.length, same.length + other.length);
  });

  it("keeps singletons of different specs apart, and out of the KV and the locks", async () => {
    const [one, other] = [new Counters(), new Counters({ id: "other" })];
    await using cluster = await startCluster(1, { hosts: [one.spec, other.spec] });
    const [node] = cluster.nodes;
    assertEquals(await node.name("k", one.spec).inc(), 1);
    assertEquals(await node.name("k", other.spec).inc(), 1);
    assertEquals(await node.kv.keys(), []);
    assertEquals(await node.kv.get("k", { bucket: "counter" }), NOT_FOUND);
    await using lock = await node.lock("k");
    assertEquals(lock.held, true);
    assertEquals(await node.name("k", one.spec).inc(), 2);
  });
});

describe("the first call", () => {
  it("starts it once, even if three nodes call at once", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const calls = cluster.nodes.flatMap((node) =>
      upTo(20).map(() => node.name("apple", counters.spec, 1).inc())
    );
    const counts = await Promise.all(calls);
    assertEquals(counts.sort((a, b) => a - b), upTo(60));
    assertEquals(counters.contexts.length, 1);
    const owned = await Promise.all(cluster.hosts.map(async (node) => (await node.status()).owned));
    assertEquals(owned.map(({ singletons }) => singletons).sort(), [0, 0, 1]);
  });

  it("starts it with its arguments; those of later names change nothing", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [first, second, third] = cluster.nodes;
    assertEquals(await first.name("apple", counters.spec, 5).inc(), 5);
    assertEquals(await second.name("apple", counters.spec, 70).inc(), 6);
    assertEquals(await third.name("apple", counters.spec).inc(), 7);
  });

  it("starts it with the arguments as they were at the call of name", async () => {
    const spec: ChildSpec<{ first(): unknown }, [{ list: number[] }]> = {
      id: "kept",
      start: (_context, first) => ({ first: () => first }),
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const first = { list: [1] };
    const remote = cluster.nodes[0].name("k", spec, first);
    first.list.push(2);
    assertEquals(await remote.first(), { list: [1] });
  });

  it("runs the start of its host, not that of the caller", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { each: { n2: { hosts: [counters.spec] } } });
    const known: typeof counters.spec = {
      id: "counter",
      start: () => {
        throw new Error("the start of a caller");
      },
    };
    assertEquals(await cluster.nodes[0].name("apple", known).inc(), 1);
    assertEquals(counters.contexts.map(({ node }) => node), [hostOf("n2")]);
  });

  it("waits for a slow start, as do the other calls, in order", async () => {
    let start!: () => void;
    const started = new Promise<void>((resolve) => start = resolve);
    const counters = new Counters();
    const spec: typeof counters.spec = {
      ...counters.spec,
      start: async (context, first) => {
        await started;
        return await counters.spec.start(context, first);
      },
    };
    await using cluster = await startCluster(3, { hosts: [spec] });
    const calls = cluster.nodes.map((node) => {
      const apple = node.name("apple", spec, 1);
      return Promise.all([apple.inc(), apple.inc(), apple.inc()]);
    });
    await eventually(async () => {
      const owned = await Promise.all(cluster.hosts.map((node) => node.status()));
      return owned.some(({ owned }) => owned.singletons === 1);
    }, "the beginning of a start");
    assertEquals(counters.contexts, []);
    start();
    const counts = await within(Promise.all(calls), "the calls");
    for (const own of counts) assertEquals([...own].sort((a, b) => a - b), own);
    assertEquals(counts.flat().sort((a, b) => a - b), upTo(9));
  });

  it("waits for a start that takes longer than the time limit of an operation", async () => {
    let start!: () => void;
    const started = new Promise<void>((resolve) => start = resolve);
    const spec: ChildSpec<{ ok(): string }, []> = {
      id: "slow",
      start: async () => {
        await started;
        return { ok: () => "ok" };
      },
    };
    await using cluster = await VirtualCluster.start(2, { hosts: [spec], callTimeout: 600_000 });
    const call = cluster.nodes[0].name("k", spec).ok();
    await cluster.pass(60_000);
    start();
    assertEquals(await cluster.time.until(call), "ok");
  });
});

describe("a start that throws", () => {
  it("reaches every caller that waits, and frees the key", async () => {
    let release!: () => void;
    let starts = 0;
    const spec: ChildSpec<{ ok(): string }, []> = {
      id: "failing",
      start: async () => {
        if (++starts > 1) return { ok: () => "ok" };
        await new Promise<void>((resolve) => release = resolve);
        throw new RangeError("out of it");
      },
    };
    await using cluster = await VirtualCluster.start(3, { hosts: [spec] });
    const { time, nodes } = cluster;
    const calls = [
      ...nodes.map((node) => reasonOf(node.name("k", spec).ok())),
      reasonOf(nodes[0].whereis(nodes[0].name("k", spec))),
    ];
    // So that each call has found the start, or waits for the search of its node.
    await cluster.pass(100);
    assertEquals(starts, 1);
    release();
    for (const reason of await time.until(Promise.all(calls))) {
      assertInstanceOf(reason, Error);
      assertEquals([reason.name, reason.message], ["RangeError", "out of it"]);
    }
    assertEquals(starts, 1);
    const [node] = nodes;
    assertEquals(await time.until(node.lookup(node.name("k", spec))), NOT_FOUND);
    assertEquals(await time.until(node.name("k", spec).ok()), "ok");
    assertEquals(starts, 2);
  });

  it("takes no node down, for any thrown value", async () => {
    const thrown: unknown[] = [Object.create(null), undefined, Symbol("s"), "words"];
    const spec: ChildSpec<object, []> = {
      id: "failing",
      start: () => {
        throw thrown.pop();
      },
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    while (thrown.length > 0) {
      const reason = await within(reasonOf(node.whereis(remote)), "the error of the start");
      assertInstanceOf(reason, Error);
      assertEquals((await node.status()).owned.singletons, 0);
    }
  });

  it("may have exited meanwhile: the next call starts it again", async () => {
    let starts = 0;
    const spec: ChildSpec<{ ok(): string }, []> = {
      id: "leaving",
      start: (context) => {
        if (++starts > 1) return { ok: () => "ok" };
        void context.exit();
        // Never resolves: the result would not be used.
        return new Promise<never>(() => {});
      },
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const remote = cluster.nodes[0].name("k", spec);
    await eventually(async () => {
      try {
        return await remote.ok() === "ok";
      } catch {
        return false; // the answer to the first callers
      }
    }, "the second start");
    assertEquals(starts, 2);
  });
});

describe("whereis", () => {
  it("starts it, and returns its process: the same on every node", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [first, second] = cluster.nodes;
    const pid = valueOf(await first.whereis(first.name("apple", counters.spec)));
    assertEquals(counters.contexts.map((context) => context.pid), [pid]);
    const host = cluster.hosts.find(({ id }) => id === pid.node)!;
    assertEquals(pid.session, (await host.status()).session!.id);
    for (const node of cluster.nodes) {
      const apple = node.name("apple", counters.spec);
      assertEquals(await node.whereis(apple), { ok: true, value: pid });
      assertEquals(await node.lookup(apple), { ok: true, value: pid });
    }
    // A remote made by one node can be looked up by another.
    assertEquals(await second.lookup(first.name("apple", counters.spec)), { ok: true, value: pid });
    assertEquals(counters.contexts.length, 1);
  });

  it("returns a pid that values can be bound to", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [first, second] = cluster.nodes;
    const apple = first.name("apple", counters.spec);
    const pid = valueOf(await first.whereis(apple));
    assertEquals(await second.kv.put("of apple", 1, { pid }), { ok: true, value: 1 });
    await apple.exit();
    await eventually(async () => !(await second.kv.get("of apple")).ok, "the end of the value");
  });

  it("returns no_quorum without a quorum", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec], timeout: 100 });
    const [first] = cluster.nodes;
    cluster.isolate("n2", "n3");
    const apple = first.name("apple", counters.spec);
    assertEquals(await first.whereis(apple), { ok: false, error: "no_quorum" });
    assertEquals(await first.lookup(apple), { ok: false, error: "no_quorum" });
    assertEquals(counters.contexts, []);
  });
});

describe("lookup", () => {
  it("starts nothing: not_found before the start and after the end", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [first, second] = cluster.nodes;
    const apple = first.name("apple", counters.spec);
    assertEquals(await second.lookup(apple), NOT_FOUND);
    await apple.inc();
    assertEquals((await second.lookup(apple)).ok, true);
    await apple.exit();
    await eventually(async () => !(await second.lookup(apple)).ok, "the end");
    assertEquals(await first.lookup(apple), NOT_FOUND);
    assertEquals(counters.contexts.length, 1);
  });
});

describe("a singleton that no node can host", () => {
  it("is no_host for calls and for whereis; lookup finds nothing", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [new Counters({ id: "other" }).spec] });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    await assertCode(apple.inc(), "no_host");
    await assertCode(node.whereis(apple), "no_host");
    assertEquals(await node.lookup(apple), NOT_FOUND);
    // A cast has no answer to wait for.
    node.cast(apple, "inc");
    await turn(20);
  });

  it("is started once a node joins that can host it", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { clients: true, sessionTtl: 500 });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    await assertCode(apple.inc(), "no_host");
    await cluster.join("host", { hosts: [counters.spec] });
    await cluster.host("host").ready;
    assertEquals(await apple.inc(), 1);
    assertEquals(await apple.node(), hostOf("host"));
  });
});

describe("a host that stops for a while after it has won the register", () => {
  it("begins no instance whose session is over, at any point at which it stopped", async () => {
    const begun = { open: 0, over: 0 };
    const aborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!.get!;
    for (let reading = 0; reading < 24; reading++) {
      await using cluster = await VirtualCluster.start(3, { clients: true, sessionTtl: 1_000 });
      const { time, voters: members, nodes: [one] } = cluster;
      const { runtime, network } = time;
      // Time jumps after a given number of readings of the clock, counted from when the host learns that the
      // register is won.
      let left = Infinity;
      let slept = 0;
      const sleepy: Runtime = {
        ...runtime,
        now: () => {
          if (left-- === 0) slept = 2_000;
          return runtime.now() + slept;
        },
      };
      const inner = network.transport();
      const transport: Transport = {
        open: (self, receive) =>
          inner.open(self, (from, frame) => {
            if (left === Infinity && tellsOfAccepts(frame)) left = reading;
            receive(from, frame);
          }),
        send: (to, frame) => inner.send(to, frame),
        close: () => inner.close(),
      };
      const spec: ChildSpec<{ hello(): string }, []> = {
        id: "greeter",
        start: ({ signal }) => {
          // Reads the flag without the checked getter, which would read the clock once more.
          begun[aborted.call(signal) ? "over" : "open"]++;
          return { hello: () => "hello" };
        },
      };
      const options = { id: "n4", members, transport, hosts: [spec], sessionTtl: 1_000 };
      const host = await joinWith(options, sleepy);
      cluster.background.push(host);
      await time.until(host.ready);
      await time.until(one.name("k", spec).hello().catch(() => {}));
    }
    assertEquals(begun.over, 0);
    assertGreater(begun.open, 0);
  });
});

/** Whether a frame reports that a member has accepted something. */
function tellsOfAccepts(frame: Uint8Array): boolean {
  const decoded = decodeFrame(frame);
  return decoded.ok && decoded.frame.replies.some(({ type }) => type === "accepted");
}

describe("a start on a host that is leaving", () => {
  it("is no_host for a caller on another node, which itself is unaffected", async () => {
    const ends = new Set<string>();
    for (let moment = 0; moment < 8; moment += 0.5) {
      const { spec } = new Counters();
      await using cluster = await VirtualCluster.start(3, { clients: true });
      await cluster.join("n4", { hosts: [spec] });
      const host = cluster.host("n4");
      const { time, nodes: [one] } = cluster;
      await time.until(host.ready);
      const call = one.name("apple", spec).inc().then(() => "ok", ({ code }) => code);
      await cluster.pass(moment);
      await time.until(host.close());
      ends.add(await time.until(call));
      assertEquals(one.hasQuorum, true);
    }
    assert(ends.delete("no_host"));
    // Outcomes of a host that left too late, in the middle of the call, or without a message.
    for (const end of ["ok", "outcome_unknown", "no_quorum"]) ends.delete(end);
    assertEquals([...ends], []);
  });
});

describe("the context of an instance", () => {
  it("has its key, its process, its token and its node, and an open signal", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const apple = node.name(["apple", 1], counters.spec);
    const pid = valueOf(await node.whereis(apple));
    const [context] = counters.contexts;
    assertEquals(context.key, ["apple", 1]);
    assertEquals(context.pid, pid);
    assertEquals(context.node, pid.node);
    assertInstanceOf(context.signal, AbortSignal);
    assertEquals(context.signal.aborted, false);
    assertGreater(context.token, 0);
    assertEquals(typeof context.exit, "function");
  });

  it("has a token that grows with every instance of a key", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const tokens: number[] = [];
    for (let round = 0; round < 9; round++) {
      const apple = cluster.nodes[round % 3].name("apple", counters.spec);
      tokens.push(await apple.token());
      await apple.exit();
    }
    assertEquals(counters.contexts.map(({ token }) => token), tokens);
    assertEquals(tokens.toSorted((a, b) => a - b), tokens);
    assertEquals(new Set(tokens).size, 9);
    assertEquals(counters.doubles, []);
  });

  it("can be used during the start", async () => {
    const contexts: ChildContext[] = [];
    const spec: ChildSpec<object, []> = {
      id: "leaving",
      start: async (context) => {
        contexts.push(context);
        await context.exit("at once");
        return {};
      },
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const [node] = cluster.nodes;
    await node.whereis(node.name("k", spec)).catch(() => {});
    const [{ signal }] = contexts;
    assertEquals(signal.aborted, true);
    assertStrictEquals(signal.reason, "at once");
  });
});

describe("placement", () => {
  it("spreads singletons over all nodes that can host them, and over no others", async () => {
    const counters = new Counters();
    const hosts = [counters.spec];
    await using cluster = await startCluster(4, {
      each: { n1: { hosts }, n2: { hosts }, n4: { hosts } },
    });
    const keys = upTo(45);
    const nodes = await Promise.all(
      keys.map((key) => cluster.nodes[key % 4].name(key, counters.spec).node()),
    );
    const count = (id: string) => nodes.filter((node) => node === hostOf(id)).length;
    for (const id of ["n1", "n2", "n4"]) assertGreaterOrEqual(count(id), 5);
    assertEquals(count("n3"), 0);
    for (const { id } of cluster.nodes) {
      assertEquals((await cluster.host(id).status()).owned.singletons, count(id));
    }
    assertEquals(counters.contexts.length, keys.length);
  });

  it("asks the same host first from every node", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    for (const order of [["n1", "n2", "n3"], ["n2", "n3", "n1"], ["n3", "n1", "n2"]]) {
      const key = keyFor("counter", order);
      for (const node of cluster.nodes) {
        const remote = node.name(key, counters.spec);
        assertEquals(await remote.node(), hostOf(order[0]));
        await remote.exit();
      }
    }
  });

  it("skips a node that has left", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [first, second] = cluster.nodes;
    await cluster.host("n3").close();
    const key = keyFor("counter", ["n3", "n2", "n1"]);
    assertEquals(await first.name(key, counters.spec).node(), hostOf("n2"));
    assert(second.hasQuorum);
  });
});

describe("a node that is closed", () => {
  it("refuses call, cast, whereis and lookup", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(1, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    await node.close();
    await assertCode(apple.inc(), "closed");
    await assertCode(node.call(apple, "inc"), "closed");
    await assertCode(node.whereis(apple), "closed");
    await assertCode(node.lookup(apple), "closed");
    // deno-lint-ignore require-await -- it throws at once
    await assertRejects(async () => node.cast(apple, "inc"), Error, "closed");
  });
});
