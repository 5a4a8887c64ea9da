import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { ChildContext, ChildSpec, ClusterNode, Remote, Transport } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { itOfMembers } from "../support/node_kind.ts";
import { eventually, turn, within } from "../support/wait.ts";
import { Counters } from "./support/counters.ts";
import { keyFor } from "./support/keys.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** The whole numbers from 1. */
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A spec whose only instance is `instance`. */
function specOf<T extends object>(instance: T, concurrent = false): ChildSpec<T, []> {
  return { id: "any", start: () => instance, concurrent };
}

/** The remote with methods that its type does not have. */
function untyped(remote: object): Record<string, (...args: unknown[]) => Promise<unknown>> {
  return remote as Record<string, (...args: unknown[]) => Promise<unknown>>;
}

/** Whether a frame carries a reply of the given kind. */
function says(frame: Uint8Array, type: string): boolean {
  const decoded = decodeFrame(frame);
  return decoded.ok && decoded.frame.replies.some((reply) => reply.type === type);
}

describe("a call", () => {
  it("carries any arguments and any result that CBOR can encode, from every node", async () => {
    const spec = specOf({ echo: (...args: unknown[]) => args });
    await using cluster = await startCluster(3, { hosts: [spec] });
    const values: unknown[] = [
      [],
      ["text, äöü ☃ 🍎", ""],
      [0, -0, 1.5, NaN, -Infinity, 2 ** 60],
      [0n, -(2n ** 200n)],
      [true, false, null, undefined],
      [new Uint8Array([1, 2, 3]), new Date(1_800_000_000_123)],
      [[1, [2, [3]]], { a: { b: [undefined] } }],
      [new Map<unknown, unknown>([[{ a: 1 }, new Set([1, "1"])]])],
    ];
    for (const node of cluster.nodes) {
      const remote = node.name("k", spec);
      for (const value of values) assertEquals(await remote.echo(...value as unknown[]), value);
    }
    const large = "x".repeat(500_000);
    assertEquals(await cluster.nodes[1].name("k", spec).echo(large), [large]);
  });

  it("carries copies: a change on one side does not affect the other side", async () => {
    const kept: number[][] = [];
    const spec = specOf({
      keep: (list: number[]) => {
        kept.push(list);
        return list;
      },
    });
    await using cluster = await startCluster(1, { hosts: [spec] });
    const list = [1];
    const call = cluster.nodes[0].name("k", spec).keep(list);
    list.push(2);
    const back = await call;
    back.push(3);
    assertEquals([kept, back], [[[1]], [1, 3]]);
  });

  it("with arguments that cannot be sent rejects with a TypeError and calls nothing", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(1, { hosts: [counters.spec], maxValueBytes: 1_000 });
    const [node] = cluster.nodes;
    const apple = untyped(node.name("apple", counters.spec));
    const bad = [() => 1, Symbol("s"), "\ud800", new Error("no"), "x".repeat(1_000), apple.inc];
    for (const value of bad) {
      await assertRejects(() => apple.inc(value), TypeError, "the arguments cannot be sent");
      await assertRejects(() => node.call(apple, "inc", [[value]]), TypeError, "inc");
    }
    assertEquals(counters.contexts, []);
  });

  it("returns undefined if the method does", async () => {
    const spec = specOf({ nothing: () => {}, later: () => Promise.resolve() });
    await using cluster = await startCluster(1, { hosts: [spec] });
    const remote = cluster.nodes[0].name("k", spec);
    assertEquals(await remote.nothing(), undefined);
    assertEquals(await remote.later(), undefined);
  });

  it("rejects with the name and the message of the instance's error; the instance goes on", async () => {
    class Empty extends Error {
      override name = "Empty";
    }
    const spec = specOf({
      own: () => Promise.reject(new Empty("nothing left")),
      range: () => {
        throw new RangeError("out of it");
      },
      object: () => {
        throw Object.create(null);
      },
      unsendable: () => () => 1,
      ok: () => "ok",
    });
    await using cluster = await startCluster(3, { hosts: [spec] });
    for (const node of cluster.nodes) {
      const remote = node.name("k", spec);
      for (const [method, name] of [["own", "Empty"], ["range", "RangeError"]] as const) {
        const error = await reasonOf(remote[method]());
        assertInstanceOf(error, Error);
        assertEquals(error.name, name);
        assertEquals(error.message, method === "own" ? "nothing left" : "out of it");
      }
      assertInstanceOf(await within(reasonOf(remote.object()), "an answer"), Error);
      const unsendable = await reasonOf(remote.unsendable()) as Error;
      assertEquals(unsendable.name, "TypeError");
      assertEquals(await remote.ok(), "ok");
    }
  });

  it("reaches the instance's own interface and nothing else", async () => {
    let touched = 0;
    class Base {
      inherited() {
        return "inherited";
      }
    }
    class Instance extends Base {
      field = () => "field";
      data = 7;
      own() {
        return "own";
      }
      _private() {
        return touched++;
      }
      get lazy() {
        touched++;
        return () => 1;
      }
      override toString() {
        touched++;
        return "text";
      }
    }
    const spec: ChildSpec<Instance, []> = { id: "any", start: () => new Instance() };
    await using cluster = await startCluster(2, { each: { n2: { hosts: [spec] } } });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    assertEquals(await remote.own(), "own");
    assertEquals(await remote.inherited(), "inherited");
    assertEquals(await remote.field(), "field");
    const loose = untyped(remote);
    for (const name of ["nothing", "data", "lazy"]) {
      const error = await reasonOf(loose[name]()) as Error;
      assertEquals(error.name, "TypeError", name);
      assertEquals(
        (await reasonOf(node.call(remote as object, name)) as Error).name,
        "TypeError",
        name,
      );
    }
    for (const name of ["", "then", "constructor", "_private", "__proto__", "hasOwnProperty"]) {
      assertEquals(loose[name], undefined);
      await assertRejects(() => node.call(remote as object, name), TypeError, "cannot be the name");
    }
    await assertRejects(() => node.call(remote, "toString"), TypeError);
    assertEquals(touched, 0);
  });

  it("runs alone; calls of one node run in the order in which they were made", async () => {
    const log: string[] = [];
    let running = 0;
    const spec = specOf({
      async run(name: string) {
        assertEquals(++running, 1);
        await turn();
        log.push(name);
        running--;
      },
    });
    await using cluster = await startCluster(3, { hosts: [spec] });
    const calls = cluster.nodes.flatMap((node) => {
      const remote = node.name("k", spec);
      return upTo(20).map((n) => remote.run(`${node.id} ${100 + n}`));
    });
    await Promise.all(calls);
    assertEquals(log.length, 60);
    for (const { id } of cluster.nodes) {
      const own = log.filter((name) => name.startsWith(id));
      assertEquals(own, own.toSorted());
    }
  });

  it("keeps its place in the order during other work of its node: whereis, other remotes, an exit", async () => {
    const spec: ChildSpec<{ add(n: number): number[]; exit(): void }, []> = {
      id: "list",
      start: (context) => {
        const list: number[] = [];
        return {
          add: (n) => (list.push(n), list),
          exit: () => void context.exit(),
        };
      },
    };
    await using cluster = await startCluster(3, { hosts: [spec] });
    for (let round = 0; round < 12; round++) {
      const node = cluster.nodes[round % 3];
      const key = `key ${round % 4}`;
      const calls: Promise<number[]>[] = [];
      for (let n = 0; n < 12; n++) {
        calls.push(node.name(key, spec).add(n));
        if (n === 1) await node.whereis(node.name(key, spec));
        if (n % 3 === 2) await turn();
        if (n === 6) void node.name(key, spec).exit();
      }
      // All calls ran, in order at each instance, and those of a later instance after those of the earlier
      // one.
      const lists = await Promise.all(calls);
      const last = (list: readonly number[]) => list.at(-1)!;
      assertEquals(lists.map(last), upTo(12).map((n) => n - 1));
      for (const list of lists) assertEquals(list, list.toSorted((a, b) => a - b));
      await node.name(key, spec).exit();
    }
  });

  it("keeps its place in the order when it is refused, before later calls that were not refused", async () => {
    const executed: number[] = [];
    const spec: ChildSpec<{ add(n: number): number; exit(): void }, []> = {
      id: "list",
      start: (context) => ({
        add: (n) => executed.push(n),
        exit: () => void context.exit(),
      }),
    };
    // Several calls are under way at the same time, some of them made before the first one is refused.
    await using cluster = await startCluster(2, {
      each: { n2: { hosts: [spec] } },
      schedule: (deliver) => void setTimeout(deliver, 10),
    });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    for (let round = 0; round < 3; round++) {
      executed.length = 0;
      await remote.exit();
      const calls: Promise<number>[] = [];
      for (const n of upTo(15)) {
        calls.push(remote.add(n));
        await turn(3);
      }
      await Promise.all(calls);
      assertEquals(executed, upTo(15));
    }
  });

  for (const looks of [false, true]) {
    it(`keeps its place when its refusal arrives late, the new host ${looks ? "" : "not "}known`, async () => {
      const contexts: ChildContext[] = [];
      const executed: number[] = [];
      let open!: () => void;
      const gate = new Promise<void>((resolve) => open = resolve);
      const spec: ChildSpec<{ add(n: number): number; hold(): Promise<void> }, []> = {
        id: "list",
        start: (context) => {
          contexts.push(context);
          return { add: (n) => executed.push(n), hold: () => gate };
        },
      };
      await using cluster = await VirtualCluster.start(3, { hosts: [spec] });
      const { time, nodes: [one, two] } = cluster;
      const key = keyFor("list", ["n2", "n3", "n1"]);
      const [near, far] = [two, one].map((node) => node.name(key, spec));
      await time.until(near.add(0));
      const held = near.hold();
      await cluster.pass(5);
      const first = far.add(1); // waits behind
      await cluster.pass(50);
      // The caller does not learn of the refusal, and goes on to call the same instance.
      cluster.isolate("n1");
      void contexts[0].exit();
      await cluster.pass(20);
      cluster.heal();
      if (looks) await time.until(one.whereis(far));
      const second = far.add(2);
      const third = far.add(3);
      await time.until(Promise.all([first, second, third]));
      assertEquals(executed, [0, 1, 2, 3]);
      assertEquals(contexts.length, 2);
      open();
      await time.until(held);
    });
  }

  const early =
    "keeps its place when it arrives before the host knows that it has won the register";
  itOfMembers(early, "a call of a guest follows its own answers", async () => {
    const executed: string[] = [];
    const spec: ChildSpec<{ add(name: string): number }, []> = {
      id: "list",
      start: () => ({ add: (name) => executed.push(name) }),
    };
    await using cluster = await VirtualCluster.start(3, { clients: true });
    const { time, members, nodes: [one, two] } = cluster;
    const inner = time.network.transport();
    let isSlow = true;
    // All other nodes learn of the members' accepts before the host does, and at first its answers to `n2`
    // are lost.
    const transport: Transport = {
      open: (self, receive) =>
        inner.open(self, (from, frame) => {
          const wait = isSlow && says(frame, "accepted") ? 30 : 0;
          time.runtime.setTimer(() => receive(from, frame), wait);
        }),
      send: (to, frame) => {
        if (!isSlow || to !== "n2" || !says(frame, "told")) inner.send(to, frame);
      },
      close: () => inner.close(),
    };
    const host = await joinWith({ id: "n4", members, transport, hosts: [spec] }, time.runtime);
    cluster.nodes.push(host);
    await time.until(host.ready);
    const started = one.name("k", spec).add("starts it");
    await cluster.pass(10);
    const remote = two.name("k", spec);
    const first = remote.add("first");
    await time.until(started);
    isSlow = false;
    const second = remote.add("second");
    await time.until(Promise.all([first, second]));
    assertEquals(executed.filter((name) => name !== "starts it"), ["first", "second"]);
  });

  it("does not wait for a call that has begun elsewhere, since that one cannot be refused any more", async () => {
    const contexts: ChildContext[] = [];
    let open!: () => void;
    const gate = new Promise<void>((resolve) => open = resolve);
    const spec: ChildSpec<{ add(): number; hold(): Promise<void> }, []> = {
      id: "list",
      start: (context) => {
        contexts.push(context);
        return { add: () => contexts.length, hold: () => gate };
      },
    };
    await using cluster = await VirtualCluster.start(3, { hosts: [spec] });
    const { time, nodes: [one] } = cluster;
    const remote = one.name(keyFor("list", ["n2", "n3", "n1"]), spec);
    const held = remote.hold();
    await cluster.pass(50);
    await time.until(contexts[0].exit());
    assertEquals(await time.until(remote.add()), 2);
    open();
    await time.until(held);
  });

  it("overlaps with other calls if the spec is concurrent", async () => {
    const counters = new Counters({ concurrent: true });
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const calls = upTo(10).map((n) =>
      cluster.nodes[n % 2].name("apple", counters.spec).wait(String(n))
    );
    await eventually(() => counters.waiting.length === 10, "all at the same time");
    counters.release();
    assertEquals(await Promise.all(calls), upTo(10).map(String));
  });

  it("does not wait for calls of other singletons on the same host", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { each: { n2: { hosts: [counters.spec] } } });
    const [node] = cluster.nodes;
    const slow = node.name("slow", counters.spec).wait("slow");
    for (let n = 0; n < 50; n++) await node.name(n % 5, counters.spec).inc();
    counters.release();
    assertEquals(await within(slow, "the slow one"), "slow");
  });

  it("may take longer than the time limit of an operation", async () => {
    const counters = new Counters();
    const options = { hosts: [counters.spec], callTimeout: 600_000 };
    await using cluster = await VirtualCluster.start(2, options);
    const { time, nodes } = cluster;
    const calls = nodes.map((node) => node.name("apple", counters.spec).wait(node.id));
    for (let call = 1; call <= 2; call++) {
      await cluster.pass(60_000);
      assertEquals(counters.executed.length, call);
      counters.release();
    }
    assertEquals(await time.until(Promise.all(calls)), ["n1", "n2"]);
  });

  it("is executed exactly once: 2,000 calls from three nodes at once, in order for each node", async () => {
    const counters = new Counters();
    // Time limits that are long enough for a machine under load.
    const patient = { timeout: 60_000, sessionTtl: 60_000 };
    await using cluster = await startCluster(3, { hosts: [counters.spec], ...patient });
    const counts = await Promise.all(cluster.nodes.map((node, index) => {
      const apple = node.name("apple", counters.spec);
      const calls = index === 0 ? 668 : 666;
      return Promise.all(Array.from({ length: calls }, () => apple.inc()));
    }));
    for (const own of counts) assertEquals(own, own.toSorted((a, b) => a - b));
    assertEquals(counts.flat().sort((a, b) => a - b), upTo(2_000));
    assertEquals(counters.executed.length, 2_000);
  });

  const lossy = "is executed exactly once on a network that loses, duplicates and delays frames";
  itOfMembers(lossy, "a minute of waiting for gateways that seem lost", async () => {
    const counters = new Counters();
    let frames = 0;
    await using cluster = await startCluster(3, {
      hosts: [counters.spec],
      timeout: 20_000, // with less, four losses in a row would count as a lost host
      schedule: (deliver) => {
        frames++;
        if (frames % 11 === 0) return;
        setTimeout(deliver, frames % 7);
        if (frames % 5 === 0) setTimeout(deliver, frames % 13);
      },
    });
    const counts = await Promise.all(cluster.nodes.map(async (node) => {
      const apple = node.name("apple", counters.spec);
      const own: number[] = [];
      for (let round = 0; round < 4; round++) {
        own.push(...await Promise.all(upTo(25).map(() => apple.inc())));
      }
      return own;
    }));
    for (const own of counts) assertEquals(own, own.toSorted((a, b) => a - b));
    assertEquals(counts.flat().sort((a, b) => a - b), upTo(300));
    assertEquals(counters.executed.length, 300);
  });
});

describe("node.call", () => {
  it("calls as the remote does, with a list of arguments or none", async () => {
    const spec = specOf({ echo: (...args: unknown[]) => args });
    await using cluster = await startCluster(1, { hosts: [spec] });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    assertEquals(await node.call(remote, "echo"), []);
    assertEquals(await node.call(remote, "echo", [1, [2]]), [1, [2]]);
    assertEquals(await node.call(remote, "echo", [1], { timeout: Infinity }), [1]);
    const { signal } = new AbortController();
    assertEquals(await node.call(remote, "echo", [1], { timeout: 5_000, signal }), [1]);
  });

  it("rejects with a TimeoutError after `timeout`, also after less than a millisecond", async () => {
    const counters = new Counters({ concurrent: true });
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    await apple.inc();
    const reasons = await Promise.all(
      upTo(60).map((n) => reasonOf(node.call(apple, "wait", ["w"], { timeout: n * 0.73 }))),
    );
    reasons.push(await reasonOf(node.call(apple, "wait", ["w"], { timeout: 0 })));
    for (const reason of reasons) {
      assertInstanceOf(reason, DOMException);
      assertEquals(reason.name, "TimeoutError");
    }
    counters.release();
    assertEquals(await apple.inc(), 2);
  });

  it("rejects with a TimeoutError also during the search for the instance", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    cluster.isolate("n2", "n3");
    const apple = node.name("apple", counters.spec);
    const reason = await reasonOf(node.call(apple, "inc", [], { timeout: 30 }));
    assertInstanceOf(reason, DOMException);
    assertEquals(reason.name, "TimeoutError");
  });

  it("rejects with no_quorum if there is no quorum for the search for the instance", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec], timeout: 100 });
    const [node] = cluster.nodes;
    cluster.isolate("n2", "n3");
    const apple = node.name("apple", counters.spec);
    await assertCode(apple.inc(), "no_quorum");
    await assertCode(node.call(apple, "inc", [], { timeout: 60_000 }), "no_quorum");
    cluster.heal();
    await eventually(() => node.hasQuorum, "the quorum");
    assertEquals(await apple.inc(), 1);
  });

  it("rejects with the reason of its signal, at once", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    const controller = new AbortController();
    const call = node.call(apple, "wait", ["w"], { signal: controller.signal });
    await eventually(() => counters.waiting.length === 1, "the call");
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await reasonOf(call), reason);
    // The call was on its way already: the instance executes it, and then the next one.
    const next = apple.inc();
    counters.release();
    assertEquals(await next, 1);
  });

  it("executes nothing if its signal was aborted before, and delays no other call", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    await apple.inc();
    const signal = AbortSignal.abort("no");
    const begun = cluster.clock.now;
    for (let n = 0; n < 20; n++) {
      const aborted = reasonOf(node.call(apple, "inc", [], { signal }));
      const next = apple.inc();
      assertEquals(await aborted, "no");
      assertEquals(await next, n + 2);
    }
    // If each call waited for one that never arrives, it would be sent again after 150 ms.
    assertLessOrEqual(cluster.clock.now - begun, 20 * 100);
    assertEquals(counters.executed.length, 21);
  });

  const full = "is queue_full for the calls without room, and for no other call";
  itOfMembers(full, "10,000 calls through one gateway take long", async () => {
    const counters = new Counters();
    // Time limits that are long enough for a machine under load.
    const patient = { timeout: 60_000, sessionTtl: 60_000 };
    await using cluster = await startCluster(1, { hosts: [counters.spec], ...patient });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    const first = apple.wait("first");
    await eventually(() => counters.waiting.length === 1, "the first");
    const counts: Record<string, number> = {};
    const note = (what: string) => void (counts[what] = (counts[what] ?? 0) + 1);
    const calls = Array.from(
      { length: 10_050 },
      () => apple.inc().then(() => note("done"), (error) => note(error.code ?? error.name)),
    );
    await eventually(() => counts.queue_full >= 50, "queue_full");
    counters.release();
    await within(Promise.all([first, ...calls]), "the others", 60_000);
    assertEquals(Object.keys(counts).sort(), ["done", "queue_full"]);
    assertLessOrEqual(counts.queue_full, 52);
    assertEquals(counters.executed.length, counts.done + 1);
    assertEquals(await apple.inc(), counts.done + 1);
  });
});

describe("node.cast", () => {
  it("calls without waiting, and starts an instance that does not run", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    for (const [index, node] of cluster.nodes.entries()) {
      const apple = node.name("apple", counters.spec);
      assertEquals(node.cast(apple, "inc") as unknown, undefined);
      await eventually(() => counters.executed.length === index + 1, "the cast");
    }
    assertEquals(await cluster.nodes[0].name("apple", counters.spec).inc(), 4);
    assertEquals(counters.contexts.length, 1);
  });

  it("runs before the calls that its node makes after it", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const counts = cluster.nodes.map(() => 0);
    for (let round = 0; round < 60; round++) {
      const node = cluster.nodes[round % 3];
      const apple = node.name(node.id, counters.spec);
      for (let n = 0; n < round % 4; n++) node.cast(apple, "inc", []);
      counts[round % 3] += round % 4 + 1;
      assertEquals(await apple.inc(), counts[round % 3]);
    }
  });

  it("reports neither result nor error of the method, and executes it once", async () => {
    const calls: string[] = [];
    const spec = specOf({
      fail: () => {
        calls.push("fail");
        throw Object.create(null);
      },
      ok: () => {
        calls.push("ok");
        return () => 1;
      },
    });
    await using cluster = await startCluster(2, { hosts: [spec] });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    for (const method of ["fail", "ok", "nothing"]) node.cast(remote as object, method);
    await eventually(() => calls.length === 2, "both");
    await cluster.clock.pass(300); // longer than the wait before a resend
    assertEquals(calls, ["fail", "ok"]);
  });

  it("that is lost delays nothing while another call runs", async () => {
    let lose = false;
    const counters = new Counters({ concurrent: true });
    await using cluster = await startCluster(2, {
      each: { n2: { hosts: [counters.spec] } },
      schedule: (deliver, from) => {
        if (!lose || from !== "n1") setTimeout(deliver);
      },
    });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    const poll = apple.wait("poll");
    poll.catch(() => {});
    await eventually(() => counters.waiting.length === 1, "the poll");
    lose = true;
    node.cast(apple, "inc");
    const lost = reasonOf(node.call(apple, "inc", [], { timeout: 1 }));
    assertInstanceOf(await lost, DOMException);
    lose = false;
    assertGreater(await within(apple.inc(), "the next call"), 0);
    counters.release();
    await poll;
  });

  it("may be lost if no host is known", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec], timeout: 50 });
    const [node] = cluster.nodes;
    cluster.isolate("n2", "n3");
    node.cast(node.name("apple", counters.spec), "inc");
    await cluster.clock.pass(200);
    assertEquals(counters.contexts, []);
  });
});

describe("a remote", () => {
  it("calls from the node that made it; any other node can use it too", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const [first, second] = cluster.nodes;
    const apple: Remote<{ inc(): number }> = first.name("apple", counters.spec);
    assertEquals(await apple.inc(), 1);
    assertEquals(await second.call(apple, "inc"), 2);
    second.cast(apple, "inc");
    await eventually(() => counters.executed.length === 3, "the cast");
  });

  it("has the types of the callable methods", async () => {
    interface Shop {
      price: number;
      _secret(): void;
      then(): void;
      sell(what: string, count?: number): number;
      later(): Promise<string>;
    }
    const use = async (node: ClusterNode, spec: ChildSpec<Shop, [name: string]>) => {
      const shop = node.name("shop", spec, "corner");
      const sold: number = await shop.sell("apple", 2);
      const text: string = await shop.later();
      // @ts-expect-error the arguments of start are missing
      node.name("shop", spec);
      // @ts-expect-error an argument of another type
      await shop.sell(1);
      // @ts-expect-error no method
      await shop.price();
      // @ts-expect-error private
      await shop._secret();
      // @ts-expect-error it would be taken for a promise
      await shop.then();
      // @ts-expect-error no method
      await node.call(shop, "price");
      // @ts-expect-error a missing argument
      await node.call(shop, "sell");
      // @ts-expect-error an argument of another type
      await node.call(shop, "sell", [1]);
      // @ts-expect-error an option that does not exist
      await node.call(shop, "later", [], { timout: 1 });
      // @ts-expect-error no method
      node.cast(shop, "sel", ["apple"]);
      // @ts-expect-error an argument too many
      node.cast(shop, "sell", ["apple", 1, 2]);
      const called: number = await node.call(shop, "sell", ["apple", 2], { timeout: 1 });
      const named: string = await node.call(shop, "later");
      // A remote whose type says nothing of its methods.
      const unknown: unknown = await node.call(shop as object, "sell", ["apple", 2]);
      node.cast(shop as object, "later");
      return [sold, text, called, named, unknown];
    };
    assert(use.length === 2);
    await turn();
  });
});
