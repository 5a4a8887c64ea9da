import { assert, assertEquals, assertGreater, assertInstanceOf, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ChildContext, ChildSpec } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";
import { assertCode, reasonOf, valueOf } from "../support/expect.ts";
import { hostOf, itOfMembers } from "../support/node_kind.ts";
import { collectEvents, eventually, nextEvent, turn, within } from "../support/wait.ts";
import { Counters } from "./support/counters.ts";
import { keyFor } from "./support/keys.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const NOT_FOUND = { ok: false, error: "not_found" } as const;

/** A spec whose instances can be told to exit, and whose `stop` notes what it sees. */
function stoppable(stop: (context: ChildContext) => unknown = () => {}) {
  const log: string[] = [];
  const spec: ChildSpec<{ context: ChildContext; exit(): void; ok(): string }, []> = {
    id: "stoppable",
    start: (context) => {
      log.push(`start on ${context.node}`);
      context.signal.addEventListener("abort", () => log.push("abort"));
      return { context, exit: () => void context.exit("told to"), ok: () => "ok" };
    },
    stop: ({ context }) => {
      log.push(`stop, ${context.signal.aborted ? "aborted" : "open"}`);
      return stop(context);
    },
  };
  return { spec, log };
}

describe("exit", () => {
  it("ends the instance, and the next call starts another one with a greater token", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const [first, second] = cluster.nodes;
    const apple = first.name("apple", counters.spec, 5);
    assertEquals(await apple.inc(), 5);
    const before = await apple.token();
    await apple.exit("told to");
    const { signal } = counters.contexts[0];
    assertEquals(signal.aborted, true);
    assertEquals(signal.reason, "told to");
    const again = second.name("apple", counters.spec, 5);
    assertEquals(await again.inc(), 5);
    assertGreater(await again.token(), before);
    assertEquals(counters.contexts.length, 2);
    assertEquals(counters.doubles, []);
  });

  it("without a reason is a SynodError with the code exited", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(1, { hosts: [counters.spec] });
    await cluster.nodes[0].name("apple", counters.spec).exit();
    await assertCode(Promise.reject(counters.contexts[0].signal.reason), "exited");
  });

  it("resolves within a method that awaits it; the result of the method arrives", async () => {
    const spec: ChildSpec<{ last(): Promise<string> }, []> = {
      id: "leaving",
      start: (context) => ({
        async last() {
          await context.exit();
          return "goodbye";
        },
      }),
    };
    await using cluster = await startCluster(3, { hosts: [spec] });
    for (const node of cluster.nodes) {
      assertEquals(await within(node.name("k", spec).last(), "the last call"), "goodbye");
    }
  });

  it("lets the running call finish, and sends waiting calls to the next instance", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const remotes = cluster.nodes.map((node) => node.name("apple", counters.spec, 1));
    const running = remotes[0].wait("running");
    await eventually(() => counters.waiting.length === 1, "the call");
    const counts = remotes.flatMap((apple) => [apple.inc(), apple.inc()]);
    await turn(20);
    await counters.contexts[0].exit();
    assertEquals((await Promise.all(counts)).sort(), [1, 2, 3, 4, 5, 6]);
    assertEquals(counters.contexts.length, 2);
    counters.release();
    assertEquals(await running, "running");
    assertEquals(counters.executed.length, 7);
  });

  it("sends waiting calls to the next instance, however long they have waited", async () => {
    const counters = new Counters();
    const options = { hosts: [counters.spec], callTimeout: 600_000 };
    await using cluster = await VirtualCluster.start(2, options);
    const { time, nodes: [node] } = cluster;
    const apple = node.name("apple", counters.spec, 1);
    const running = apple.wait("running");
    const count = apple.inc();
    await cluster.pass(60_000);
    assertEquals(counters.executed, ["wait running"]);
    await time.until(counters.contexts[0].exit());
    assertEquals(await time.until(count), 1);
    counters.release();
    assertEquals(await time.until(running), "running");
    assertEquals(counters.contexts.length, 2);
  });

  const late = "keeps late calls of the old instance away from the next one";
  itOfMembers(late, "it holds back the frames of one caller", async () => {
    const counters = new Counters();
    const key = keyFor("counter", ["n2", "n1"]);
    let held: (() => void)[] | undefined;
    await using cluster = await startCluster(2, {
      hosts: [counters.spec],
      schedule: (deliver, from, to) => {
        if (held !== undefined && from === "n1" && to === "n2") held.push(deliver);
        else setTimeout(deliver);
      },
    });
    const [first, second] = cluster.nodes;
    const apple = first.name(key, counters.spec, 1);
    assertEquals(await apple.inc(), 1);
    held = [];
    const late = reasonOf(first.call(apple, "inc", [], { timeout: 20 }));
    assertInstanceOf(await late, DOMException);
    const [call] = [held, held = undefined];
    assertGreater(call.length, 0);
    await counters.contexts[0].exit();
    assertEquals(await second.name(key, counters.spec, 1).inc(), 1);
    assertEquals(counters.contexts.map(({ node }) => node), ["n2", "n2"]);
    for (const deliver of call) deliver();
    await turn(50);
    assertEquals(await apple.inc(), 2);
    assertEquals(counters.executed.length, 3);
  });

  it("releases what is bound to the instance's process", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const apple = node.name("apple", counters.spec);
    const pid = valueOf(await node.whereis(apple));
    await node.kv.put("k", 1, { pid });
    await counters.contexts[0].exit();
    await eventually(async () => (await node.kv.get("k")).ok === false, "the end of the value");
  });
});

describe("stop", () => {
  it("is called once the signal has aborted, and before the key is free", async () => {
    let goOn!: () => void;
    const { spec, log } = stoppable(() => new Promise<void>((resolve) => goOn = resolve));
    await using cluster = await startCluster(3, { hosts: [spec] });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    const pid = valueOf(await node.whereis(remote));
    await remote.exit();
    await eventually(() => log.includes("stop, aborted"), "stop");
    assertEquals(await node.lookup(remote), { ok: true, value: pid });
    // A call from now on waits for `stop`.
    const next = cluster.nodes[1].name("k", spec).ok();
    await Promise.race([next, turn(50)]);
    assertEquals(log.filter((entry) => entry.startsWith("start")).length, 1);
    goOn();
    assertEquals(await within(next, "the next instance"), "ok");
    assertEquals(log.filter((entry) => !entry.startsWith("start")).sort(), [
      "abort",
      "stop, aborted",
    ]);
  });

  it("delays the next instance for a second at most", async () => {
    const { spec, log } = stoppable(() => new Promise(() => {}));
    await using cluster = await VirtualCluster.start(3, { hosts: [spec] });
    const [node] = cluster.nodes;
    const remote = node.name("k", spec);
    await cluster.time.until(remote.exit());
    const begun = cluster.time.runtime.now();
    assertEquals(await cluster.time.until(remote.ok()), "ok");
    const took = cluster.time.runtime.now() - begun;
    assert(took > 990 && took < 1_100, `the next instance came after ${took} ms`);
    assertEquals(log.filter((entry) => entry.startsWith("start")).length, 2);
  });

  it("that throws is an error event of its node; the key is free anyway", async () => {
    for (
      const stop of [
        () => {
          throw new RangeError("no end");
        },
        () => Promise.reject(new RangeError("no end")),
      ]
    ) {
      const { spec } = stoppable(stop);
      await using cluster = await startCluster(1, { hosts: [spec] });
      const [node] = cluster.nodes;
      const event = nextEvent(cluster.host("n1"), "error");
      const remote = node.name("k", spec);
      await remote.exit();
      const { error } = (await event).detail;
      assertInstanceOf(error, RangeError);
      assertEquals(error.message, "no end");
      assertEquals(await remote.ok(), "ok");
    }
  });

  it("is called when the node closes, which does not wait for it", async () => {
    const { spec, log } = stoppable(() => new Promise(() => {}));
    await using cluster = await startCluster(3, { hosts: [spec] });
    const key = keyFor("stoppable", ["n3", "n2", "n1"]);
    const [first] = cluster.nodes;
    const third = cluster.host("n3");
    assertEquals(await first.name(key, spec).ok(), "ok");
    const begun = cluster.clock.now;
    await within(third.close(), "close");
    assertLess(cluster.clock.now - begun, 900);
    assertEquals(log[0], `start on ${hostOf("n3")}`);
    assertEquals(log.slice(1).sort(), ["abort", "stop, aborted"]);
  });

  it("is called for the result of a start whose instance has ended meanwhile", async () => {
    let goOn!: () => void;
    const stopped: string[] = [];
    const contexts: ChildContext[] = [];
    const spec: ChildSpec<{ name: string }, []> = {
      id: "late",
      start: async (context) => {
        contexts.push(context);
        if (contexts.length === 1) await new Promise<void>((resolve) => goOn = resolve);
        return { name: `instance ${contexts.length}` };
      },
      stop: ({ name }) => void stopped.push(name),
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const [node] = cluster.nodes;
    const where = reasonOf(node.whereis(node.name("k", spec)));
    await eventually(() => contexts.length === 1, "the start");
    await contexts[0].exit();
    assertInstanceOf(await within(where, "the error"), Error);
    assertEquals(stopped, []);
    goOn();
    await eventually(() => stopped.length === 1, "stop");
    assertEquals(stopped, ["instance 1"]);
  });

  it("is not called for a start that failed", async () => {
    let stops = 0;
    const spec: ChildSpec<object, []> = {
      id: "failing",
      start: () => Promise.reject(new Error("no")),
      stop: () => void stops++,
    };
    await using cluster = await startCluster(1, { hosts: [spec] });
    const [node] = cluster.nodes;
    assertInstanceOf(await reasonOf(node.whereis(node.name("k", spec))), Error);
    await node.close();
    assertEquals(stops, 0);
  });
});

describe("a host that closes", () => {
  it("ends its instances; the next calls go elsewhere, without an error", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(3, { hosts: [counters.spec] });
    const key = keyFor("counter", ["n3", "n1", "n2"]);
    const [first, second] = cluster.nodes;
    const third = cluster.host("n3");
    const [one, two] = [first.name(key, counters.spec), second.name(key, counters.spec)];
    assertEquals([await one.inc(), await two.inc()], [1, 2]);
    await third.close();
    const { signal } = counters.contexts[0];
    assertEquals(signal.aborted, true);
    await assertCode(Promise.reject(signal.reason), "closed");
    assertEquals([await one.inc(), await two.inc()], [1, 2]);
    assertEquals(counters.contexts.map(({ node }) => node), ["n3", "n1"].map(hostOf));
    assertGreater(counters.contexts[1].token, counters.contexts[0].token);
    assertEquals(counters.doubles, []);
  });

  it("sends waiting calls elsewhere; one that runs for too long is outcome_unknown", async () => {
    const counters = new Counters();
    await using cluster = await VirtualCluster.start(3, { hosts: [counters.spec] });
    const key = keyFor("counter", ["n3", "n1", "n2"]);
    const { time, nodes: [first, second] } = cluster;
    const third = cluster.host("n3");
    const running = reasonOf(first.name(key, counters.spec).wait("running"));
    await cluster.pass(20);
    assertEquals(counters.waiting.length, 1);
    const waiting = [first, second].map((node) => node.name(key, counters.spec, 7).inc());
    await cluster.pass(20);
    await time.until(third.close());
    assertEquals((await time.until(Promise.all(waiting))).sort(), [7, 8]);
    await assertCode(Promise.reject(await time.until(running)), "outcome_unknown");
    counters.release();
    assertEquals(counters.executed.toSorted(), ["inc", "inc", "wait running"]);
  });

  it("does not wait for starts, nor with a timeout of 0 for methods", async () => {
    const counters = new Counters();
    const hanging: ChildSpec<object, []> = {
      id: "hanging",
      start: () => new Promise<never>(() => {}),
    };
    await using cluster = await startCluster(3, { hosts: [counters.spec, hanging] });
    const [node] = cluster.nodes;
    const calls = cluster.members.map((id, index) => {
      const order = [...cluster.members.slice(index), ...cluster.members.slice(0, index)];
      assertEquals(order[0], id);
      return [
        reasonOf(node.name(keyFor("counter", order), counters.spec).wait("w")),
        reasonOf(node.whereis(node.name(keyFor("hanging", order), hanging))),
      ];
    });
    await eventually(() => counters.waiting.length === 3, "the calls");
    const begun = cluster.clock.now;
    const closed = cluster.hosts.map((node) => node.close({ timeout: 0 }));
    await within(Promise.all(closed), "close");
    assertLess(cluster.clock.now - begun, 1_900);
    for (const reason of await Promise.all(calls.flat())) assertInstanceOf(reason, Error);
  });

  it("counts nothing as owned any more", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(1, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const host = cluster.host("n1");
    await node.name("apple", counters.spec).inc();
    assertEquals((await host.status()).owned, { processes: 1, locks: 0, singletons: 1 });
    await counters.contexts[0].exit();
    await eventually(async () => (await host.status()).owned.singletons === 0, "the end");
    await node.name("apple", counters.spec).inc();
    await host.close();
    assertEquals((await host.status()).owned.processes, 0);
  });
});

describe("restart", () => {
  it("permanent: after an exit it runs again without a call, with the same arguments", async () => {
    const counters = new Counters({ restart: "permanent" });
    await using cluster = await VirtualCluster.start(3, { hosts: [counters.spec] });
    const { time, nodes: [node] } = cluster;
    const apple = node.name("apple", counters.spec, 7);
    assertEquals(await time.until(apple.inc()), 7);
    await cluster.pass(2_000);
    await time.until(apple.exit());
    await cluster.pass(50);
    assertEquals(counters.contexts.length, 2);
    assertEquals((await time.until(node.lookup(apple))).ok, true);
    // Not with the arguments that other nodes give.
    assertEquals(await time.until(cluster.nodes[1].name("apple", counters.spec, 99).inc()), 7);
    assertEquals(counters.doubles, []);
  });

  for (const restart of ["temporary", "transient"] as const) {
    it(`${restart}: after an exit nothing runs until the next call, which starts a new instance`, async () => {
      const counters = new Counters({ restart });
      await using cluster = await VirtualCluster.start(3, { hosts: [counters.spec] });
      const { time, nodes: [node] } = cluster;
      const apple = node.name("apple", counters.spec, 7);
      assertEquals(await time.until(apple.inc()), 7);
      await cluster.pass(2_000);
      await time.until(apple.exit());
      await cluster.pass(60_000);
      assertEquals(counters.contexts.length, 1);
      assertEquals(await time.until(node.lookup(apple)), NOT_FOUND);
      assertEquals(await time.until(node.name("apple", counters.spec, 99).inc()), 99);
    });
  }

  for (const restart of ["permanent", "transient"] as const) {
    it(`${restart}: when its host closes it runs elsewhere, without a call`, async () => {
      const counters = new Counters({ restart });
      await using cluster = await VirtualCluster.start(3, { hosts: [counters.spec] });
      const { time, nodes: [first] } = cluster;
      const third = cluster.host("n3");
      const key = keyFor("counter", ["n3", "n2", "n1"]);
      assertEquals(await time.until(first.name(key, counters.spec, 7).inc()), 7);
      await cluster.pass(2_000);
      await time.until(third.close());
      await cluster.pass(5_000);
      assertEquals(counters.contexts.map(({ node }) => node), ["n3", "n2"].map(hostOf));
      assertEquals(await time.until(first.name(key, counters.spec, 99).inc()), 7);
      assertEquals(counters.doubles, []);
    });
  }

  it("goes on for other keys while a start hangs", async () => {
    const counters = new Counters({ restart: "permanent" });
    let starts = 0;
    const hanging: ChildSpec<{ exit(): void }, []> = {
      id: "hanging",
      restart: "permanent",
      start: (context) => {
        if (++starts > 1) return new Promise<never>(() => {});
        return { exit: () => void context.exit() };
      },
    };
    const hosts = [hanging, counters.spec];
    await using cluster = await VirtualCluster.start(1, { hosts, sessionTtl: 1_000 });
    const { time, nodes: [node] } = cluster;
    // An instance with such a short life is started again only by a periodic check.
    await time.until(node.name("k", hanging).exit());
    await cluster.pass(2_000);
    assertEquals(starts, 2);
    for (let round = 1; round < 4; round++) {
      assertEquals(await time.until(node.name("apple", counters.spec, 7).inc()), 7);
      await time.until(counters.contexts[round - 1].exit());
      await cluster.pass(5_000);
      assertEquals(counters.contexts.length, round + 1);
    }
  });
});

describe("an error that no caller waits for", () => {
  it("takes no node down: an error of a method whose caller has gone", async () => {
    const counters = new Counters();
    await using cluster = await startCluster(2, { hosts: [counters.spec] });
    const [node] = cluster.nodes;
    const errors = cluster.hosts.flatMap((node) => collectEvents(node, "processerror"));
    const apple = node.name("apple", counters.spec);
    const aborter = new AbortController();
    const call = reasonOf(node.call(apple, "wait", ["w"], { signal: aborter.signal }));
    await eventually(() => counters.waiting.length === 1, "the call");
    aborter.abort("gone");
    assertEquals(await call, "gone");
    await counters.contexts[0].exit(new Error("an end"));
    counters.release();
    await turn(20);
    assertEquals(errors, []);
    assertEquals(await apple.inc(), 1);
  });
});
