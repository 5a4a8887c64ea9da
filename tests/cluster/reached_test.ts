// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import type { Transport, TransportUser } from "../../mod.ts";
import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("a way to a member that opens", () => {
  let cluster: VirtualCluster;
  /** What each node gave to its transport. */
  let users: Map<string, TransportUser>;
  /** The frames that `n1` has sent. */
  let sent: number;

  beforeEach(async () => {
    users = new Map();
    sent = 0;
    const wrap = (inner: Transport, id: string): Transport => ({
      open(self, receive, report, user) {
        if (user !== undefined) users.set(id, user);
        return inner.open(self, receive, report, user);
      },
      send(to, frame) {
        if (id === "n1") sent++;
        inner.send(to, frame);
      },
      close: () => inner.close(),
    });
    cluster = await VirtualCluster.start(3, {}, wrap);
  });

  afterEach(() => cluster[Symbol.asyncDispose]());

  const reach = (id: string, peer: string) => users.get(id)?.reached?.(peer);

  it("has the node ask for its session at once", async () => {
    for (const cut of [7_000, 7_400, 7_900, 30_000, 61_300]) {
      cluster.isolate("n1");
      await cluster.pass(cut);
      assertEquals(cluster.node("n1").hasQuorum, false);
      cluster.heal();
      reach("n1", "n2");
      await cluster.pass(10);
      assert(cluster.node("n1").hasQuorum, `after ${cut} ms`);
    }
  });

  it("has waiting operations sent again at once", async () => {
    const node = cluster.node("n1");
    cluster.isolate("n1");
    const put = node.kv.put("key", 1, { timeout: 60_000 });
    put.catch(() => {}); // a test that fails closes the node
    const read = node.kv.get("other", { timeout: 60_000 });
    const list = node.kv.keys(undefined, { timeout: 60_000 });
    await cluster.pass(4_000);
    cluster.heal();
    reach("n1", "n2");
    let done = 0;
    for (const one of [put, read, list]) void one.then(() => done++, () => {});
    await cluster.pass(20);
    assertEquals(done, 3);
  });

  it("that is heard after a second of silence does the same", async () => {
    const node = cluster.node("n1");
    cluster.isolate("n1");
    const put = node.kv.put("key", 1, { timeout: 60_000 });
    put.catch(() => {}); // a test that fails closes the node
    await cluster.pass(4_000);
    cluster.heal();
    let done = false;
    void put.then(() => done = true, () => {});
    void cluster.node("n2").kv.get("other");
    await cluster.pass(10);
    assertEquals(done, true);
  });

  it("sends nothing again for a node that is not a member, nor many times at once", async () => {
    const node = cluster.node("n1");
    cluster.isolate("n1");
    const put = node.kv.put("key", 1, { timeout: 60_000 });
    put.catch(() => {}); // a test that fails closes the node
    await cluster.pass(4_000);
    const sentWhile = async (peer: string) => {
      await cluster.pass(60);
      const before = sent;
      for (let i = 0; i < 20; i++) {
        reach("n1", peer);
        await cluster.pass(1);
      }
      return sent - before;
    };
    const quiet = await sentWhile("stranger");
    const loud = await sentWhile("n2");
    // The renewal and the put, once to each of two members.
    assert(quiet === 0 && loud >= 2 && loud <= 10, `${quiet} ${loud}`);
    cluster.heal();
    await cluster.time.until(put);
  });

  it("to a node that has just started has its first operation answered in a few round trips", async () => {
    const { time } = cluster;
    for (let start = 0; start < 20; start++) {
      cluster.crash("n1");
      // Without a record, or with the first answer in the air: the moment differs from one start to the next.
      const node = await cluster.join("n1");
      await cluster.pass(start / 10);
      const begun = time.runtime.now();
      await time.until(node.kv.get("key"));
      const took = time.runtime.now() - begun;
      assert(took < 10, `${took} ms, ${start / 10} ms after its start`);
      await cluster.pass(1_000);
    }
  });
});

describe("a member that was only quiet", () => {
  it("has nothing sent again by an idle client: one renewal for each third of its time to live", async () => {
    const renewals = new Map<string, number>();
    const reads = new Map<string, number>();
    const note = (counts: Map<string, number>, to: string) =>
      counts.set(to, (counts.get(to) ?? 0) + 1);
    const options = { clients: true, sessionTtl: 6_000 };
    await using cluster = await VirtualCluster.start(3, options, (inner, id) => ({
      open: (self, receive, report, user) => inner.open(self, receive, report, user),
      send(to, frame) {
        const decoded = id === "x" ? decodeFrame(frame) : undefined;
        for (const { type } of decoded?.ok ? decoded.frame.requests : []) {
          if (type === "renew") note(renewals, to);
          if (type === "read") note(reads, to);
        }
        inner.send(to, frame);
      },
      close: () => inner.close(),
    }));
    const client = await cluster.join("x");
    await cluster.time.until(client.ready);
    await cluster.pass(10_000);
    renewals.clear();
    await cluster.pass(20_000);
    assertEquals([...renewals], [["n1", 10], ["n2", 10], ["n3", 10]]);
    // A read comes after more than a second of silence, too.
    await cluster.pass(1_500);
    await cluster.time.until(client.kv.get("key"));
    await cluster.pass(100);
    assertEquals([...reads], [["n1", 1], ["n2", 1], ["n3", 1]]);
  });
});

describe("a member that connects while it is heard", () => {
  it("does not have the round trip measured again", async () => {
    const users: TransportUser[] = [];
    await using cluster = await VirtualCluster.start(3, {}, (inner) => ({
      open(self, receive, report, user) {
        if (user !== undefined) users.push(user);
        return inner.open(self, receive, report, user);
      },
      send: (to, frame) => inner.send(to, frame),
      close: () => inner.close(),
    }));
    const { time, nodes: [one] } = cluster;
    const { pacing } = partsOf(one).core;
    time.latency = 30;
    for (let n = 0; n < 20; n++) await time.until(one.kv.put(`key ${n}`, n));
    const measured = pacing.roundTrip;
    users[0].reached?.("n2");
    assertEquals([measured > 40, pacing.roundTrip === measured], [true, true]);
    cluster.isolate("n2");
    await cluster.pass(1_100);
    users[0].reached?.("n2");
    assertEquals(pacing.roundTrip, 10);
  });
});

describe("a quorum that grants a session again", () => {
  it("is asked again what no member has answered", async () => {
    /** Whether the questions of `n1` about registers are lost, but not its renewals. */
    let areLost = false;
    await using cluster = await VirtualCluster.start(3, { timeout: 60_000 }, (inner, id) => ({
      open: (...given) => inner.open(...given),
      send(to, bytes) {
        const decoded = decodeFrame(bytes);
        if (id !== "n1" || !areLost || !decoded.ok) return inner.send(to, bytes);
        const requests = decoded.frame.requests.filter((request) => !("register" in request));
        inner.send(to, encodeFrame({ ...decoded.frame, requests }));
      },
      close: () => inner.close(),
    }));
    const { time, nodes: [n1] } = cluster;
    areLost = true;
    cluster.isolate("n1");
    await cluster.pass(10_000);
    assertEquals(n1.hasQuorum, false);
    const put = n1.kv.put("key", 1);
    // The waits between two questions are long by then.
    await cluster.pass(5_000);
    let granted = 0;
    n1.addEventListener("quorum", () => {
      [areLost, granted] = [false, time.runtime.now()];
    });
    cluster.heal();
    assertEquals(await time.until(put), { ok: true, value: 1 });
    assert(granted > 0 && time.runtime.now() - granted < 10, `${time.runtime.now() - granted} ms`);
  });
});
