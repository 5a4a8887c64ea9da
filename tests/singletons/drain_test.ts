import { assert, assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode, SynodError } from "../../mod.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { quiet } from "../support/wait.ts";
import { Counters } from "./support/counters.ts";
import { keyFor } from "./support/keys.ts";

/** A few round trips on the virtual network, and the wait before a resend, in milliseconds. */
const FEW_ROUND_TRIPS = 100;

/** A cluster with a counter on `n3`; the next host in its order is `n1`. */
async function start(options: ConstructorParameters<typeof Counters>[0] = {}, size = 3) {
  const counters = new Counters(options);
  const cluster = await VirtualCluster.start(size, { hosts: [counters.spec] });
  const { time, nodes } = cluster;
  const order = ["n3", "n1", "n2", "n4", "n5"].slice(0, size);
  const key = keyFor("counter", order);
  const remotes = nodes.map((node) => node.name(key, counters.spec, 7));
  assertEquals(await time.until(remotes[0].node()), "n3");
  return {
    ...{ cluster, time, counters, key, remotes, nodes, three: nodes[2] },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** Closes a node, and measures how long it takes, in milliseconds. */
async function closing(
  { cluster: { time } }: { cluster: VirtualCluster },
  node: ClusterNode,
  timeout?: number,
): Promise<number> {
  const begun = time.runtime.now();
  await node.close(timeout === undefined ? {} : { timeout });
  return time.runtime.now() - begun;
}

describe("a host that leaves", () => {
  it("lets the calls that have begun finish", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one, two], three } = test;
    const running = quiet(one.wait("running"));
    await cluster.pass(20);
    const closed = closing(test, three);
    await cluster.pass(1_500);
    assertEquals(counters.contexts[0].signal.aborted, false);
    assertEquals(three.hasQuorum, true);
    counters.release();
    assertEquals(await time.until(running), "running");
    assertLess(await time.until(closed), 1_500 + FEW_ROUND_TRIPS);
    await assertCode(Promise.reject(counters.contexts[0].signal.reason), "closed");
    assertEquals(await time.until(two.inc()), 7);
    assertEquals(counters.contexts.map(({ node }) => node), ["n3", "n1"]);
    assertEquals(counters.doubles, []);
  });

  it("lets all of them finish if calls overlap", async () => {
    await using test = await start({ concurrent: true });
    const { cluster, time, counters, remotes, three } = test;
    const running = remotes.map((remote, index) => quiet(remote.wait(`${index}`)));
    await cluster.pass(20);
    const closed = closing(test, three);
    counters.waiting.shift()?.();
    await cluster.pass(20);
    assertEquals(counters.contexts[0].signal.aborted, false);
    counters.release();
    assertEquals(await time.until(Promise.all(running)), ["0", "1", "2"]);
    assertLess(await time.until(closed), FEW_ROUND_TRIPS);
  });

  it("begins no call any more: those that wait are made elsewhere when the key is free", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes, three } = test;
    const running = quiet(remotes[0].wait("running"));
    await cluster.pass(20);
    const before = [remotes[0].inc(), remotes[1].inc()].map(quiet);
    await cluster.pass(20);
    const closed = closing(test, three);
    await cluster.pass(500);
    const after = [remotes[1].inc(), remotes[0].inc()].map(quiet);
    await cluster.pass(500);
    assertEquals(counters.executed, ["wait running"]);
    const released = time.runtime.now();
    counters.release();
    await time.until(Promise.all([running, ...before, ...after]));
    assertLess(time.runtime.now() - released, FEW_ROUND_TRIPS);
    // The calls of each node, in their order.
    assertLess(await before[0], await after[1]);
    assertLess(await before[1], await after[0]);
    assertEquals(counters.contexts.map(({ node }) => node), ["n3", "n1"]);
    await time.until(closed);
  });

  it("waits for its calls no longer than its timeout", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one, two], three } = test;
    const running = reasonOf(one.wait("running"));
    await cluster.pass(20);
    const waiting = quiet(two.inc());
    const took = await time.until(closing(test, three));
    assert(took >= 2_000 && took < 2_000 + FEW_ROUND_TRIPS, `${took}`);
    await assertCode(Promise.reject(await time.until(running)), "outcome_unknown");
    assertEquals(await time.until(waiting), 7);
    counters.release();
  });

  it("waits as long as it is told to", async () => {
    for (const timeout of [0, 300, 10_000]) {
      await using test = await start();
      const { cluster, time, counters, remotes: [one], three } = test;
      const running = reasonOf(one.wait("running"));
      await cluster.pass(20);
      const took = await time.until(closing(test, three, timeout));
      assert(took >= timeout && took < timeout + FEW_ROUND_TRIPS, `${timeout}: ${took}`);
      await assertCode(Promise.reject(await time.until(running)), "outcome_unknown");
      counters.release();
    }
  });

  it("works as before while its calls go on", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one], three } = test;
    const running = quiet(one.wait("running"));
    await cluster.pass(20);
    const lock = await time.until(three.lock("k"));
    const process = three.spawn();
    const closed = closing(test, three);
    await cluster.pass(100);
    assertEquals(await time.until(three.kv.put("k", 1, { pid: process })), { ok: true, value: 1 });
    assertEquals([lock.held, process.signal.aborted], [true, false]);
    counters.release();
    await time.until(Promise.all([running, closed]));
    assertEquals([lock.held, process.signal.aborted], [false, true]);
  });

  it("has the next instance started at once, without a call, if it has to be kept running", async () => {
    for (const restart of ["permanent", "transient"] as const) {
      // The instance is young: that is no failure here.
      await using test = await start({ restart });
      const { cluster, time, counters, remotes: [one], three } = test;
      const running = quiet(one.wait("running"));
      await cluster.pass(20);
      const closed = closing(test, three);
      await cluster.pass(200);
      assertEquals(counters.contexts.length, 1);
      counters.release();
      await cluster.pass(FEW_ROUND_TRIPS);
      assertEquals(counters.contexts.map(({ node }) => node), ["n3", "n1"]);
      await time.until(Promise.all([running, closed]));
      assertEquals(await time.until(one.inc()), 7);
    }
  });

  it("starts nothing any more: a call goes to the next host", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one], nodes, three } = test;
    const running = quiet(one.wait("running"));
    await cluster.pass(20);
    const closed = closing(test, three);
    const other = keyFor("counter", ["n3", "n2", "n1"]);
    // Its own users still ask it.
    for (const node of [three, nodes[0]]) {
      assertEquals(await time.until(node.name(other, counters.spec).node()), "n2");
    }
    counters.release();
    await time.until(Promise.all([running, closed]));
  });

  it("ends the starts that are under way", async () => {
    for (let moment = 0; moment < 6; moment += 0.5) {
      const counters = new Counters();
      await using cluster = await VirtualCluster.start(3, { hosts: [counters.spec] });
      const { time, nodes: [one, , three] } = cluster;
      const call = quiet(
        one.name(keyFor("counter", ["n3", "n1", "n2"]), counters.spec, 7).inc(),
      );
      await cluster.pass(moment);
      assertLess(await time.until(closing({ cluster }, three)), FEW_ROUND_TRIPS);
      assertEquals(await time.until(call), 7);
      assertEquals(counters.doubles, []);
    }
  });

  it("hands over before it releases its locks and keys", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one], nodes: [first], three } = test;
    const running = quiet(one.wait("running"));
    const lock = await time.until(three.lock("k"));
    await cluster.pass(20);
    const next = first.lock("k");
    const log: string[] = [];
    lock.signal.addEventListener("abort", () => log.push("lock"));
    counters.contexts[0].signal.addEventListener("abort", () => log.push("instance"));
    const request = reasonOf(three.locks.request("other", () => new Promise(() => {})));
    await cluster.pass(20);
    const closed = closing(test, three);
    counters.release();
    await time.until(Promise.all([running, closed, next]));
    assertEquals(log, ["instance", "lock"]);
    // The Web Locks API knows no way to wait for a callback.
    await assertCode(Promise.reject(await time.until(request)), "closed");
  });

  it("waits no longer if it must not own anything any more", async () => {
    const counters = new Counters();
    let isStolen: (life: string) => void = () => {};
    await using cluster = await VirtualCluster.start(
      3,
      { hosts: [counters.spec] },
      (inner, id) => ({
        open: (self, receive, report, user) => {
          if (id === "n3") isStolen = (life) => user?.ended?.(life);
          return inner.open(self, receive, report, user);
        },
        send: (to, frame) => inner.send(to, frame),
        close: () => inner.close(),
      }),
    );
    const { time, nodes: [one, , three] } = cluster;
    const remote = one.name(keyFor("counter", ["n3", "n1", "n2"]), counters.spec);
    const running = reasonOf(remote.wait("running"));
    await cluster.pass(20);
    const closed = three.close({ timeout: 60_000 });
    await cluster.pass(100);
    assertEquals(counters.contexts[0].signal.aborted, false);
    isStolen(three.life);
    assertEquals(three.hasQuorum, true);
    await cluster.pass(0);
    assertEquals([three.hasQuorum, counters.contexts[0].signal.aborted], [false, true]);
    await assertCode(Promise.reject(counters.contexts[0].signal.reason), "replaced");
    await time.until(closed);
    await time.until(running);
    counters.release();
  });
});

/** The code of the error that `promise` rejects with; `undefined` if it does not. */
async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const reason = await promise.then(() => undefined, (error) => error as SynodError);
  return reason?.code;
}

describe("calls to hosts that leave one after the other", () => {
  it("all succeed, at each moment", async () => {
    for (let offset = 0; offset < 3; offset++) {
      const counters = new Counters();
      await using cluster = await VirtualCluster.start(3, {
        hosts: [counters.spec],
        clients: true,
      });
      const { time } = cluster;
      const client = await cluster.join("client", { hosts: [] });
      await time.until(client.ready);
      const remotes = Array.from({ length: 5 }, (_, n) => client.name(n, counters.spec));
      const ends = new Set<string | undefined>();
      let isOver = false;
      const users = remotes.map(async (remote) => {
        while (!isOver) {
          ends.add(await codeOf(remote.inc()));
          await new Promise<void>((resolve) => time.runtime.setTimer(resolve, 4));
        }
      });
      for (const id of cluster.members) {
        await cluster.pass(50 + 1.3 * offset);
        await time.until(cluster.node(id).close());
        const next = await cluster.join(id);
        await time.until(next.ready);
      }
      isOver = true;
      await time.until(Promise.all(users));
      assertEquals([...ends], [undefined]);
      assertEquals(counters.doubles, []);
    }
  });
});
