import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { assertCode, reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { quiet } from "../support/wait.ts";
import { Counters } from "./support/counters.ts";
import { keyFor } from "./support/keys.ts";

/** Time that a host waits for callers that do not answer, and some round trips, in milliseconds. */
const PATIENCE = 250 + 100;

/** A cluster with a counter on `n3`; the next host in its order is `n2`. The test can hold frames back. */
async function start() {
  const held = new Map<string, (() => void)[]>();
  const counters = new Counters();
  const cluster = await VirtualCluster.start(3, { hosts: [counters.spec] }, (inner, id) => ({
    open: (self, receive, report, user) => inner.open(self, receive, report, user),
    send: (to, frame) => {
      const frames = held.get(`${id} to ${to}`);
      if (frames === undefined) inner.send(to, frame);
      else frames.push(() => inner.send(to, frame));
    },
    close: () => inner.close(),
  }));
  const { time, nodes } = cluster;
  const key = keyFor("counter", ["n3", "n2", "n1"]);
  const remotes = nodes.map((node) => node.name(key, counters.spec, 7));
  assertEquals(await time.until(remotes[0].inc()), 7);
  return {
    ...{ cluster, time, counters, remotes, three: nodes[2] },
    /** Frames from one node to another one wait, or are lost if they are never released. */
    hold: (way: string) => void held.set(way, []),
    release(way: string) {
      const frames = held.get(way) ?? [];
      held.delete(way);
      for (const send of frames) send();
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

describe("a call to a host that has left (section 10)", () => {
  it("that comes too late is made elsewhere: it never began", async () => {
    for (const isReleased of [true, false]) {
      await using test = await start();
      const { cluster, time, counters, remotes: [one], three, hold, release } = test;
      // Neither directly nor by the other member.
      hold("n1 to n3");
      hold("n1 to n2");
      const call = quiet(one.inc());
      await cluster.pass(10);
      await time.until(three.close());
      if (isReleased) release("n1 to n3");
      release("n1 to n2");
      const begun = time.runtime.now();
      assertEquals(await time.until(call), 7);
      assertLess(time.runtime.now() - begun, PATIENCE);
      assertEquals(counters.executed, ["inc", "inc"]);
      assertEquals(counters.contexts.map(({ node }) => node), ["n3", "n2"]);
    }
  });

  it("whose answer is lost is asked for again before the host closes", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one], three, hold, release } = test;
    const call = quiet(one.wait("once"));
    await cluster.pass(10);
    const closed = three.close();
    hold("n3 to n1");
    counters.release();
    await cluster.pass(60);
    // The answer is lost; what is sent from now on arrives.
    hold("n3 to n1");
    release("n3 to n1");
    assertEquals(await time.until(call), "once");
    await time.until(closed);
    assertEquals(counters.executed, ["inc", "wait once"]);
  });

  it("is outcome_unknown, and made once, if its caller may not have the answer", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one, two], three, hold } = test;
    const call = reasonOf(one.wait("once"));
    await cluster.pass(10);
    hold("n3 to n1");
    const begun = time.runtime.now();
    const closed = three.close();
    counters.release();
    await time.until(closed);
    assertLess(time.runtime.now() - begun, 2 * PATIENCE);
    await assertCode(Promise.reject(await time.until(call)), "outcome_unknown");
    assertEquals(counters.executed, ["inc", "wait once"]);
    assertEquals(await time.until(two.inc()), 7);
  });

  it("is made elsewhere even if its node waits for another call that ran for too long", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one], three, hold, release } = test;
    const long = reasonOf(one.wait("too long"));
    await cluster.pass(10);
    hold("n1 to n3");
    hold("n1 to n2");
    const call = quiet(one.inc());
    await cluster.pass(10);
    await time.until(three.close({ timeout: 300 }));
    release("n1 to n2");
    await assertCode(Promise.reject(await time.until(long)), "outcome_unknown");
    assertEquals(await time.until(call), 7);
    assertEquals(counters.executed, ["inc", "wait too long", "inc"]);
    counters.release();
  });

  it("is outcome_unknown, and made once, if only a later life of its caller says that it has the answer", async () => {
    const counters = new Counters();
    // The first life of the client hears nothing for a while.
    let isDeaf = false;
    let opened = 0;
    const options = { hosts: [counters.spec], clients: true };
    await using cluster = await VirtualCluster.start(3, options, (inner, id) => ({
      open(self, receive, report, user) {
        const isFirst = id === "x" && opened++ === 0;
        return inner.open(
          self,
          (from, frame) => {
            if (!isFirst || !isDeaf) receive(from, frame);
          },
          report,
          user,
        );
      },
      send: (to, frame) => inner.send(to, frame),
      close: () => inner.close(),
    }));
    const { time, nodes: [, , three] } = cluster;
    const client = await cluster.join("x", { hosts: [] });
    await time.until(client.ready);
    const remote = client.name(keyFor("counter", ["n3", "n2", "n1"]), counters.spec, 7);
    assertEquals(await time.until(remote.node()), "n3");
    const call = reasonOf(remote.wait("once"));
    await cluster.pass(10);
    isDeaf = true;
    counters.release();
    await time.until((await cluster.join("x", { hosts: [] })).ready);
    await time.until(three.close());
    isDeaf = false;
    await assertCode(Promise.reject(await time.until(call)), "outcome_unknown");
    assertEquals(counters.executed, ["wait once"]);
  });

  it("is outcome_unknown if the host did not leave but was lost", async () => {
    await using test = await start();
    const { cluster, time, counters, remotes: [one], hold } = test;
    hold("n1 to n3");
    const call = reasonOf(one.inc());
    await cluster.pass(10);
    cluster.crash("n3");
    await assertCode(Promise.reject(await time.until(call)), "outcome_unknown");
    assertGreater(time.runtime.now(), 1_000);
    assertEquals(counters.executed, ["inc"]);
  });
});
