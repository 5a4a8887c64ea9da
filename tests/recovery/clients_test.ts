import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { collectEvents, nextEvent } from "../support/wait.ts";
import { answers } from "./support/frames.ts";
import { type Lives, startLives } from "./support/lives.ts";

/** Sessions of members are short; those of clients may last much longer, in milliseconds. */
const MAX_TTL = 30_000;
const OPTIONS = { clients: true, sessionTtl: 500, maxSessionTtl: MAX_TTL };

/** Lets two of three members lose their memory; resolves when the third one has restarted with them. */
async function loseMajority(cluster: Lives): Promise<void> {
  const restarted = nextEvent(cluster.node("n1"), "restart");
  cluster.crash("n2", "n3");
  await Promise.all(["n2", "n3"].map((id) => cluster.start(id)));
  await cluster.until(restarted);
}

/** Records what `look` returns whenever one of `nodes` is granted a session. */
function grants<T>(
  cluster: Lives,
  nodes: readonly ClusterNode[],
  look: () => T,
): { at: number; seen: T }[] {
  const log: { at: number; seen: T }[] = [];
  for (const node of nodes) {
    node.addEventListener(
      "quorum",
      () => void log.push({ at: cluster.runtime.now(), seen: look() }),
    );
  }
  return log;
}

describe("with clients, after the loss of a majority", () => {
  it("no node has a session before those of the clients must have ended, even if it asks repeatedly", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS });
    const client = await cluster.start("client", { sessionTtl: MAX_TTL });
    await time.until(client.ready);
    const process = client.spawn();
    valueOf(await time.until(client.kv.claim("k", "client", { pid: process })));
    const lock = await time.until(client.lock("lock"));

    // The client learns nothing, and relies on its session as long as it may.
    cluster.line(client).isCut = true;
    await loseMajority(cluster);
    const started = time.runtime.now();
    assertEquals([lock.held, process.signal.aborted], [true, false]);

    const others = [...cluster.nodes, await cluster.start("other")];
    const granted = grants(cluster, others, () => lock.held || !process.signal.aborted);
    const got = others.map((node) => node.lock(node.id));
    await time.until(Promise.all(got));
    assertEquals(granted.length, others.length);
    for (const { at, seen } of granted) {
      assertGreaterOrEqual(at - started, MAX_TTL);
      assertLess(at - started, MAX_TTL + 5_000);
      assertEquals(seen, false, "the old client believes in its session");
    }
  });

  it("reads, and puts that need no session, do not wait", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS });
    await loseMajority(cluster);
    const [first, second] = cluster.nodes;
    const put = second.kv.put("k", 1, { noQuorum: "retry" });
    await time.until(put);
    assertEquals(await time.until(first.kv.get("k")), { ok: true, value: 1 });
    assertEquals(await time.until(first.kv.put("bound", 1, { node: "n1" })), {
      ok: false,
      error: "no_quorum",
    });
    assertEquals((await time.until(first.status())).session, null);
  });

  it("members that recover meanwhile wait as long as the others", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS });
    await loseMajority(cluster);
    const started = time.runtime.now();
    await time.pass(MAX_TTL / 2);
    for (const id of ["n2", "n3"]) {
      cluster.crash(id);
      const node = await cluster.start(id);
      // It may read as soon as there is a majority, as the other members do.
      await time.until(node.kv.get("k", { noQuorum: "retry" }));
      await time.pass(1_000);
      const { members } = await time.until(node.status());
      assertEquals(members.map(({ state }) => state), Array(3).fill("operational"));
    }
    // Only the two members that were not there when the wait began.
    cluster.network.partition(["n1"]);
    const granted = grants(cluster, cluster.nodes, () => undefined);
    const [, second, third] = cluster.nodes;
    await time.until(Promise.all([second.ready, third.ready]));
    for (const { at } of granted) assertGreaterOrEqual(at - started, MAX_TTL);
    assertEquals(granted.length, 2);
  });

  it("a client that learns of it loses its session at once, and gets the next one in the new cluster", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS });
    const client = await cluster.start("client", { sessionTtl: MAX_TTL });
    await time.until(client.ready);
    valueOf(await time.until(client.kv.put("settled", 1)));
    const watched = client.kv.watch("watched")[Symbol.asyncIterator]();
    assertEquals((await time.until(watched.next())).value, { present: false });
    const left = client.kv.watch("settled")[Symbol.asyncIterator]();
    assertEquals((await time.until(left.next())).value.value, 1);
    const process = client.spawn();
    const lost = collectEvents(client, "sessionlost");
    const restarts = collectEvents(client, "restart");
    const restarted = nextEvent(client, "restart");
    await loseMajority(cluster);
    const started = time.runtime.now();
    await time.until(restarted);
    // The client asks when a renewal, one of three in a time to live, gets no answer.
    assertLess(time.runtime.now() - started, MAX_TTL / 2);
    // A watch shows at once that a value of the earlier cluster is gone.
    const changed = time.runtime.now();
    assertEquals((await time.until(left.next())).value, { present: false });
    assertLess(time.runtime.now() - changed, 100);
    assertEquals([process.signal.aborted, client.hasQuorum, lost.length], [true, false, 1]);
    // It serves no earlier value.
    const settled = client.kv.get("settled", { noQuorum: "retry" });
    assertEquals(await time.until(settled), { ok: false, error: "not_found" });
    // Another one goes on with new values: the new members report them at once.
    await time.until(client.kv.put("watched", 2, { noQuorum: "retry" }));
    const put = time.runtime.now();
    assertEquals((await time.until(watched.next())).value.value, 2);
    assertLess(time.runtime.now() - put, 1_000);
    await time.until(nextEvent(client, "quorum"));
    assertGreaterOrEqual(time.runtime.now() - started, MAX_TTL);
    // Nor does it later, when it may serve settled values again.
    assertEquals(await time.until(client.kv.get("settled")), { ok: false, error: "not_found" });
    assertEquals(restarts.length, 1);
  });
});

describe("an operation of a client that is under way when the cluster restarts", () => {
  it("ends: no quorum is made of the answers of two clusters", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS });
    const client = await cluster.start("client", { sessionTtl: MAX_TTL });
    await time.until(client.ready);
    // One member takes the value; then the client is cut off.
    const line = cluster.line(client);
    let heard = 0;
    line.hears = (_, frame) => answers(frame, "took") && heard++ === 0;
    const put = client.kv.put("k", 1, { timeout: 600_000 });
    while (heard === 0) await time.pass(1);
    await loseMajority(cluster);
    const restarted = nextEvent(client, "restart");
    line.hears = () => true;
    await time.until(restarted);
    assertEquals(await time.until(put), { ok: false, error: "no_quorum" });
    assertEquals(await time.until(client.kv.get("k")), { ok: false, error: "not_found" });
  });
});

describe("an operation of a client with `retry` when the cluster restarts", () => {
  /** A put whose `accept` has left, or not; resolves when the client lives in the new cluster. */
  async function begun(cluster: Lives, time: VirtualTime, sends: boolean) {
    const client = await cluster.start("client", { sessionTtl: MAX_TTL });
    await time.until(client.ready);
    const line = cluster.line(client);
    // A member that does not answer: no put begins with a fast round.
    line.hears = (from) => from !== "n3";
    await time.until(client.kv.put("other", 1));
    let promises = 0;
    line.hears = (_, frame) => answers(frame, "promise") && ++promises > 0 && sends;
    const put = client.kv.put("k", 1, { noQuorum: "retry" });
    put.catch(() => {});
    while (promises < 2) await time.pass(1);
    line.hears = () => false;
    await time.pass(5);
    await loseMajority(cluster);
    const restarted = nextEvent(client, "restart");
    line.hears = () => true;
    await time.until(restarted);
    return { client, put };
  }

  it("is not guessed: a put that may have taken effect ends as outcome_unknown", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS });
    const { client, put } = await begun(cluster, time, true);
    await time.until(assertCode(put, "outcome_unknown"));
    assertEquals(await time.until(client.kv.get("k")), { ok: false, error: "not_found" });
  });

  it("goes on: a put that was not sent yet is made in the new cluster", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS });
    const { put } = await begun(cluster, time, false);
    assertEquals(await time.until(put), { ok: true, value: 1 });
  });
});

describe("without clients, after the loss of a majority", () => {
  it("sessions need no wait: all owners were members", async () => {
    const time = new VirtualTime();
    await using cluster = await startLives(3, { time, ...OPTIONS, clients: false });
    await loseMajority(cluster);
    const started = time.runtime.now();
    const back = cluster.nodes.map((node) =>
      node.kv.put(node.id, 1, { node: node.id, noQuorum: "retry" })
    );
    await time.until(Promise.all(back));
    assertLess(time.runtime.now() - started, 5_000);
  });
});
