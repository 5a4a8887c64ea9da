import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import type { Restart, Transport } from "../../mod.ts";
import { assertCode, reasonOf, valueOf } from "../support/expect.ts";
import { describeOfMembers, hostOf, itOfMembers } from "../support/node_kind.ts";
import { collectEvents } from "../support/wait.ts";
import { Counters } from "./support/counters.ts";
import { keyFor } from "./support/keys.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

/** Time for which a host keeps its instances after it was cut off, in milliseconds. */
const SESSION_TTL = 1_000;

/** A few round trips on the virtual network, and the wait before a resend, in milliseconds. */
const FEW_ROUND_TRIPS = 100;

/** A cluster with counters, one of which runs on `n3`; the next host in its order is `n2`. */
async function start(options: { restart?: Restart; concurrent?: boolean } = {}) {
  const counters = new Counters(options);
  const hosts = [counters.spec];
  const cluster = await VirtualCluster.start(3, { hosts, sessionTtl: SESSION_TTL });
  const key = keyFor("counter", ["n3", "n2", "n1"]);
  const { time, nodes } = cluster;
  const [one, two, three] = nodes.map((node) => node.name(key, counters.spec, 7));
  assertEquals(await time.until(one.node()), hostOf("n3"));
  return {
    cluster,
    time,
    counters,
    remotes: [one, two, three],
    nodes,
    /** The nodes on which it was started, in order. */
    started: () => counters.contexts.map(({ node }) => node),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** The frame without its questions for the known incarnation of its sender. */
function withoutIncarnation(bytes: Uint8Array): Uint8Array {
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) throw new Error("a node sent a malformed frame");
  const { frame } = decoded;
  const requests = frame.requests.filter(({ type }) => type !== "incarnation");
  return encodeFrame({ ...frame, requests });
}

describe("a host that vanishes in the middle of a call", () => {
  it("leaves the outcome unknown, and the call is never executed again", async () => {
    await using test = await start();
    const { time, cluster, counters, remotes: [one] } = test;
    assertEquals(await time.until(one.inc()), 7);
    const call = reasonOf(one.wait("once"));
    await cluster.pass(20);
    assertEquals(counters.executed, ["inc", "wait once"]);
    cluster.isolate("n3");
    const begun = time.runtime.now();
    await assertCode(Promise.reject(await time.until(call)), "outcome_unknown");
    const took = time.runtime.now() - begun;
    assertLess(took, SESSION_TTL + FEW_ROUND_TRIPS);
    assertGreater(took, SESSION_TTL / 2);
    // The next call starts it elsewhere; what ran on the first host is not repeated there.
    assertEquals(await time.until(one.inc()), 7);
    assertEquals(test.started(), ["n3", "n2"].map(hostOf));
    assertEquals(counters.executed, ["inc", "wait once", "inc"]);
    assertEquals(counters.doubles, []);
    // Nor when that host comes back and answers the calls that it ran.
    cluster.heal();
    counters.release();
    await cluster.pass(5 * SESSION_TTL);
    assertEquals(counters.executed, ["inc", "wait once", "inc"]);
    assertEquals(await time.until(one.inc()), 8);
  });

  it("leaves the outcome unknown also for calls that were on their way", async () => {
    await using test = await start({ concurrent: true });
    const { time, cluster, counters, remotes: [one, two] } = test;
    await time.until(Promise.all([one.inc(), two.inc()]));
    cluster.isolate("n3");
    const reasons = [one, two, one].map((remote) => reasonOf(remote.wait("lost")));
    for (const reason of await time.until(Promise.all(reasons))) {
      await assertCode(Promise.reject(reason), "outcome_unknown");
    }
    cluster.heal();
    await cluster.pass(5 * SESSION_TTL);
    assertEquals(counters.executed, ["inc", "inc"]);
  });

  it("leaves the outcome unknown also if its node is back at once with an empty memory", async () => {
    await using test = await start();
    const { time, cluster, counters, remotes: [one] } = test;
    assertEquals(await time.until(one.inc()), 7);
    const call = reasonOf(one.wait("once"));
    await cluster.pass(20);
    cluster.crashHost("n3");
    await cluster.join("n3");
    await time.until(cluster.host("n3").ready);
    // The new life knows nothing of the call, so it stays silent; it does not even refuse.
    await assertCode(Promise.reject(await time.until(call)), "outcome_unknown");
    await cluster.pass(2 * SESSION_TTL);
    assertEquals(counters.executed, ["inc", "wait once"]);
    assertEquals(await time.until(one.inc()), 7);
    assertEquals(counters.doubles, []);
    counters.release();
  });

  const changes = "executes no call twice if the caller changes its life while the host comes back";
  itOfMembers(changes, "a guest never takes another life", async () => {
    await using test = await start();
    const { time, cluster, counters } = test;
    cluster.crash("n1");
    // The caller's wall clock went back, so it has to take another life when it learns of the previous one.
    const { runtime } = time;
    const back: Runtime = { ...runtime, wallNow: () => runtime.wallNow() - 60_000 };
    const inner = time.network.transport();
    let isHeldBack = true;
    const transport: Transport = {
      open: (self, receive) => inner.open(self, receive),
      send: (to, frame) => {
        inner.send(to, isHeldBack ? withoutIncarnation(frame) : frame);
      },
      close: () => inner.close(),
    };
    const { members } = cluster;
    const one = await joinWith({ id: "n1", members, transport, sessionTtl: SESSION_TTL }, back);
    cluster.nodes.push(one);
    const { life } = one;
    const remote = one.name(keyFor("counter", ["n3", "n2", "n1"]), counters.spec, 7);
    const call = reasonOf(remote.wait("once"));
    await cluster.pass(20);
    assertEquals(counters.executed, ["wait once"]);
    isHeldBack = false;
    await time.until(one.ready);
    assert(one.life !== life);
    await assertCode(Promise.reject(await time.until(call)), "outcome_unknown");
    counters.release();
    await cluster.pass(5 * SESSION_TTL);
    assertEquals(counters.executed, ["wait once"]);
    assertEquals(await time.until(remote.inc()), 7);
  });

  it("is replaced when its session has ended: within sessionTtl and a few round trips", async () => {
    for (let after = 0; after < SESSION_TTL; after += 90) {
      await using test = await start();
      const { time, cluster, counters, remotes: [, two, three] } = test;
      const { signal, token } = counters.contexts[0];
      await cluster.pass(after);
      cluster.isolate("n3");
      const cut = time.runtime.now();
      let tries = 0;
      let lost = Infinity;
      signal.addEventListener("abort", () => lost = time.runtime.now());
      for (;;) {
        tries++;
        const outcome = await time.until(two.inc().catch(({ code }) => code));
        if (outcome === 7) break;
        assertEquals(outcome, "outcome_unknown");
      }
      const took = time.runtime.now() - cut;
      assertLess(took, SESSION_TTL + FEW_ROUND_TRIPS);
      // The first call detects the loss, and the next one has the singleton started elsewhere.
      assert(tries <= 2, `${tries} calls`);
      assertEquals(test.started(), ["n3", "n2"].map(hostOf));
      assertGreater(counters.contexts[1].token, token);
      // Its own signal had aborted by then, although no message could reach it.
      assertLess(lost, time.runtime.now());
      assertEquals(counters.doubles, []);
      await assertCode(time.until(three.inc()), "outcome_unknown").catch(() => {});
    }
  });

  it("does not delay calls that begin long after", async () => {
    await using test = await start();
    const { time, cluster, remotes: [one] } = test;
    await time.until(one.inc());
    cluster.isolate("n3");
    await cluster.pass(3 * SESSION_TTL);
    const begun = time.runtime.now();
    assertEquals(await time.until(one.inc()), 7);
    assertLess(time.runtime.now() - begun, FEW_ROUND_TRIPS);
  });

  it("frees its other singletons too, each for the next host in its order", async () => {
    const counters = new Counters();
    const hosts = [counters.spec];
    await using cluster = await VirtualCluster.start(4, { hosts, sessionTtl: SESSION_TTL });
    const { time, nodes: [node] } = cluster;
    const remotes = Array.from({ length: 24 }, (_, n) => node.name(n, counters.spec));
    const before = await time.until(Promise.all(remotes.map((remote) => remote.node())));
    cluster.isolate("n3");
    await cluster.pass(2 * SESSION_TTL);
    const after = await time.until(Promise.all(remotes.map((remote) => remote.node())));
    const moved = after.filter((_, n) => before[n] === hostOf("n3"));
    assertGreaterOrEqual(moved.length, 2);
    assertGreaterOrEqual(new Set(moved).size, 2);
    assertEquals(after.includes(hostOf("n3")), false);
    assertEquals(after.filter((id, n) => id !== before[n]).length, moved.length);
    assertEquals(counters.doubles, []);
  });
});

describe("a host that was cut off", () => {
  it("has an aborted signal when its session is over, and refuses late calls", async () => {
    await using test = await start();
    const { time, cluster, counters, remotes: [one, two, three] } = test;
    await time.until(Promise.all([one.inc(), two.inc(), three.inc()]));
    const lost = collectEvents(cluster.host("n3"), "sessionlost");
    cluster.isolate("n3");
    await cluster.pass(2 * SESSION_TTL);
    assertEquals(lost.length, 1);
    const { signal } = counters.contexts[0];
    assertEquals(signal.aborted, true);
    await assertCode(Promise.reject(signal.reason), "session_lost");
    const executed = counters.executed.length;
    cluster.heal();
    // All of them know only the old host.
    const counts = await time.until(Promise.all([one, two, three].map((remote) => remote.inc())));
    assertEquals(counts.sort(), [7, 8, 9]);
    assertEquals(counters.executed.slice(executed), ["inc", "inc", "inc"]);
    assertEquals(test.started().length, 2);
    assertEquals(counters.doubles, []);
  });

  it("executes nothing after its deadline, even calls that waited since before", async () => {
    await using test = await start();
    const { time, cluster, counters, remotes: [one, , three] } = test;
    const first = three.wait("first");
    await cluster.pass(5);
    // One call of its own node, which is refused and can run elsewhere, and one whose caller it cannot reach.
    const second = three.inc();
    const third = reasonOf(one.wait("third"));
    await cluster.pass(5);
    cluster.isolate("n3");
    await assertCode(Promise.reject(await time.until(third)), "outcome_unknown");
    assertEquals(counters.contexts[0].signal.aborted, true);
    // The running method ends when the session is over.
    counters.release();
    assertEquals(await time.until(first), "first");
    await cluster.pass(SESSION_TTL / 2);
    assertEquals(counters.executed, ["wait first"]);
    cluster.heal();
    assertEquals(await time.until(second), 7);
    assertEquals(test.started().length, 2);
    await cluster.pass(5 * SESSION_TTL);
    assertEquals(counters.executed, ["wait first", "inc"]);
    assertEquals(counters.doubles, []);
  });

  it("loses nothing if it is back before its session has ended", async () => {
    await using test = await start();
    const { time, cluster, counters, remotes: [one] } = test;
    assertEquals(await time.until(one.inc()), 7);
    const call = one.wait("call");
    await cluster.pass(10);
    cluster.isolate("n3");
    const waiting = one.inc();
    await cluster.pass(SESSION_TTL / 2);
    cluster.heal();
    await cluster.pass(SESSION_TTL);
    counters.release();
    assertEquals(await time.until(Promise.all([call, waiting])), ["call", 8]);
    assertEquals(test.started(), ["n3"].map(hostOf));
    assertEquals(counters.contexts[0].signal.aborted, false);
  });

  it("hosts again afterwards", async () => {
    await using test = await start();
    const { time, cluster, counters, remotes: [one, , three] } = test;
    cluster.isolate("n3");
    await cluster.pass(2 * SESSION_TTL);
    assertEquals(await time.until(one.node()), hostOf("n2"));
    cluster.heal();
    await cluster.pass(SESSION_TTL);
    await time.until(one.exit());
    assertEquals(await time.until(three.node()), hostOf("n3"));
    assertEquals(test.started(), ["n3", "n2", "n3"].map(hostOf));
    assertEquals(counters.doubles, []);
  });
});

describe("without a quorum", () => {
  it("an instance goes on until its session is over, and no other one is started", async () => {
    await using test = await start({ restart: "permanent" });
    const { time, cluster, counters, nodes, remotes: [one, , three] } = test;
    assertEquals(await time.until(three.inc()), 7);
    cluster.isolate("n1", "n2", "n3");
    // The host itself knows the place.
    assertEquals(await time.until(three.inc()), 8);
    await cluster.pass(SESSION_TTL);
    assertEquals(counters.contexts[0].signal.aborted, true);
    await assertCode(time.until(three.inc()), "no_quorum");
    const call = reasonOf(one.inc());
    await cluster.pass(60_000);
    assertInstanceOf(await time.until(call), Error);
    assertEquals(test.started(), ["n3"].map(hostOf));
    cluster.heal();
    await cluster.pass(2 * SESSION_TTL);
    assertEquals(test.started().length, 2);
    assertEquals(await time.until(one.inc()), 7);
    assertEquals((await time.until(nodes[0].lookup(one))).ok, true);
    assertEquals(counters.doubles, []);
  });
});

describe("restart", () => {
  for (const restart of ["permanent", "transient"] as const) {
    it(`${restart}: when its host is lost it runs elsewhere without a call, as before`, async () => {
      await using test = await start({ restart });
      const { time, cluster, nodes, remotes: [one, two] } = test;
      assertEquals(await time.until(one.inc()), 7);
      cluster.isolate("n3");
      // Until its session has ended and a periodic check finds it.
      await cluster.pass(2 * SESSION_TTL + FEW_ROUND_TRIPS);
      assertEquals(test.started(), ["n3", "n2"].map(hostOf));
      const other = nodes[1].name(test.counters.contexts[0].key, test.counters.spec, 99);
      assertEquals(await time.until(other.inc()), 7);
      assertEquals(await time.until(two.inc()), 8);
      cluster.heal();
      await cluster.pass(5 * SESSION_TTL);
      assertEquals(test.started(), ["n3", "n2"].map(hostOf));
      assertEquals(test.counters.doubles, []);
    });
  }

  it("temporary: when its host is lost nothing runs until the next call", async () => {
    await using test = await start({ restart: "temporary" });
    const { time, cluster, nodes, remotes: [one] } = test;
    cluster.isolate("n3");
    await cluster.pass(20 * SESSION_TTL);
    assertEquals(test.started(), ["n3"].map(hostOf));
    const looked = await time.until(nodes[0].lookup(one));
    assertEquals(looked, { ok: false, error: "not_found" });
    assertEquals(await time.until(one.inc()), 7);
    assertEquals(test.started(), ["n3", "n2"].map(hostOf));
  });

  it("permanent: is started once if all hosts check it at the same time", async () => {
    const counters = new Counters({ restart: "permanent" });
    const hosts = [counters.spec];
    await using cluster = await VirtualCluster.start(5, { hosts, sessionTtl: SESSION_TTL });
    const { time, nodes: [node] } = cluster;
    const keys = Array.from({ length: 10 }, (_, n) => n);
    await time.until(Promise.all(keys.map((key) => node.name(key, counters.spec, key).inc())));
    const lost = ["n4", "n5"].map(hostOf);
    const gone = counters.contexts.filter(({ node }) => lost.includes(node));
    assertGreater(gone.length, 0);
    cluster.isolate("n4", "n5");
    await cluster.pass(5 * SESSION_TTL);
    assertEquals(counters.contexts.length, keys.length + gone.length);
    for (const key of keys) {
      const running = counters.contexts.filter((context) =>
        context.key === key && !context.signal.aborted
      );
      assertEquals(running.length, 1);
      assert(!lost.includes(running[0].node));
      assertEquals(
        await time.until(node.name(key, counters.spec, 99).inc()),
        key + 1 - (gone
            .some((context) => context.key === key)
          ? 1
          : 0),
      );
    }
    assertEquals(counters.doubles, []);
  });
});

const anew = "a cluster that lost the memory of a majority";
describeOfMembers(anew, "its members begin anew under their ids", () => {
  it("starts its singletons again; no earlier call is taken for a later one", async () => {
    const counters = new Counters();
    const options = { clients: true, sessionTtl: SESSION_TTL };
    await using cluster = await VirtualCluster.start(3, options);
    const { time } = cluster;
    const host = await cluster.join("host", { hosts: [counters.spec] });
    const client = await cluster.join("client");
    await time.until(Promise.all([host.ready, client.ready]));
    const apple = client.name("apple", counters.spec, 100);
    for (let n = 0; n < 7; n++) assertEquals(await time.until(apple.inc()), 100 + n);
    const restarted = new Promise((resolve) => client.addEventListener("restart", resolve));
    const lost = cluster.nodes.filter(({ id }) => ["n1", "n2", "n3"].includes(id));
    cluster.isolate("n1", "n2", "n3");
    await time.until(Promise.all(lost.map((node) => node.close())));
    cluster.heal();
    for (const id of ["n1", "n2", "n3"]) await cluster.join(id);
    await time.until(restarted);
    await cluster.pass(3 * SESSION_TTL);
    assertEquals(counters.contexts[0].signal.aborted, true);
    for (let n = 0; n < 10; n++) assertEquals(await time.until(apple.inc()), 100 + n);
    assertEquals(counters.contexts.length, 2);
    assertGreater(counters.contexts[1].token, counters.contexts[0].token);
  });

  it("starts them again also on a member that has kept its memory", async () => {
    const counters = new Counters();
    const options = { clients: true, sessionTtl: SESSION_TTL };
    await using cluster = await VirtualCluster.start(3, options);
    const { time } = cluster;
    // The survivor is a host; it goes on with a new life.
    const survivor = cluster.node("n1");
    await time.until(survivor.close());
    const host = await cluster.join("n1", { hosts: [counters.spec] });
    const client = await cluster.join("client");
    await time.until(Promise.all([host.ready, client.ready]));
    const apple = client.name("apple", counters.spec, 100);
    for (let n = 0; n < 7; n++) assertEquals(await time.until(apple.inc()), 100 + n);
    const { life } = host;
    const restarted = new Promise((resolve) => client.addEventListener("restart", resolve));
    cluster.isolate("n2", "n3");
    await time.until(Promise.all([cluster.node("n2").close(), cluster.node("n3").close()]));
    cluster.heal();
    for (const id of ["n2", "n3"]) await cluster.join(id);
    await time.until(restarted);
    await cluster.pass(3 * SESSION_TTL);
    assert(host.life !== life);
    for (let n = 0; n < 10; n++) assertEquals(await time.until(apple.inc()), 100 + n);
    assertEquals(counters.contexts.map(({ node }) => node), ["n1", "n1"]);
    assertEquals(counters.doubles, []);
  });
});

describe("a client", () => {
  it("calls and hosts as members do; its singletons are free when it vanishes", async () => {
    const counters = new Counters();
    const options = { clients: true, sessionTtl: SESSION_TTL };
    await using cluster = await VirtualCluster.start(3, options);
    const { time, nodes: [node] } = cluster;
    const hosts = [counters.spec];
    const clients = await Promise.all(["c1", "c2"].map((id) => cluster.join(id, { hosts })));
    await time.until(Promise.all(clients.map((client) => client.ready)));
    const key = keyFor("counter", ["c1", "c2"]);
    const [one, two] = clients.map((client) => client.name(key, counters.spec));
    assertEquals(await time.until(Promise.all([one.inc(), two.node()])), [1, hostOf("c1")]);
    const remote = node.name(key, counters.spec);
    assertEquals(await time.until(remote.inc()), 2);
    const { owned } = await time.until(cluster.host("c1").status());
    assertEquals(owned, { processes: 1, locks: 0, singletons: 1 });
    assertEquals(valueOf(await time.until(node.whereis(remote))).node, hostOf("c1"));
    cluster.isolate("c1");
    await cluster.pass(2 * SESSION_TTL);
    assertEquals(await time.until(remote.inc()), 1);
    assertEquals(await time.until(two.node()), hostOf("c2"));
    assertEquals(counters.doubles, []);
  });
});
