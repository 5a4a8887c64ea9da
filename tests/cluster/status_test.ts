import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { joinWith } from "../../lib/cluster/join_with.ts";
import type { ClusterNode, ClusterStatus } from "../../mod.ts";
import { Cluster, startCluster } from "../support/real_cluster.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { eventually, nextEvent, turn } from "../support/wait.ts";

/** A member of which nothing else is known. */
const NOTHING = { incarnation: null, lastError: null, storage: null };

describe("status", () => {
  it("names the missing members at the first start, until all are there", async () => {
    await using cluster = new Cluster(3);
    const first = await cluster.join("n1");
    let status = await first.status();
    assertEquals(status.waitingFor, ["n2", "n3"]);
    assertEquals(status.hasQuorum, false);
    assertEquals(status.session, null);
    assertEquals(status.entries, 0);
    assertEquals(status.members, [
      { id: "n1", reachable: true, state: "blank", ...NOTHING, storage: "none" },
      { id: "n2", reachable: false, state: "unknown", ...NOTHING },
      { id: "n3", reachable: false, state: "unknown", ...NOTHING },
    ]);
    await cluster.join("n3");
    status = await first.status();
    assertEquals(status.waitingFor, ["n2"]);
    assertEquals(status.members.map(({ state }) => state), ["blank", "unknown", "blank"]);
    await cluster.join("n2");
    await first.ready;
    assertEquals((await first.status()).waitingFor, []);
  });

  it("reports a healthy cluster: which members vote in which life, and the session", async () => {
    await using cluster = await startCluster(3, { sessionTtl: 2_000 });
    const [first] = cluster.nodes;
    const { id, life, hasQuorum, members, waitingFor, session } = await first.status();
    assertEquals({ id, life }, { id: "n1", life: first.life });
    assertEquals(hasQuorum, true);
    assertEquals(waitingFor, []);
    assertEquals(
      members,
      cluster.nodes.map(({ id, life }) => ({
        id,
        reachable: true,
        state: "operational" as const,
        incarnation: life,
        lastError: null,
        storage: id === "n1" ? "none" as const : null,
      })),
    );
    assert(session !== null);
    assertGreater(session.remaining, 0);
    assertLessOrEqual(session.remaining, 1_900);
  });

  it("names the missing members after the loss of the quorum", async () => {
    await using cluster = await startCluster(3, { each: { n1: { sessionTtl: 200 } } });
    const [first] = cluster.nodes;
    const lost = nextEvent(first, "noquorum");
    cluster.isolate("n2", "n3");
    await lost;
    const status = await first.status();
    assertEquals(status.hasQuorum, false);
    assertEquals(status.session, null);
    assertEquals(status.waitingFor, ["n2", "n3"]);
    assertEquals(
      status.members.map(({ reachable, state }) => [reachable, state]),
      [[true, "operational"], [false, "unknown"], [false, "unknown"]],
    );
    const back = nextEvent(first, "quorum");
    cluster.heal();
    await back;
    assertEquals((await first.status()).waitingFor, []);
  });

  it("names no member in waitingFor while there is a quorum, even if a member is missing", async () => {
    await using cluster = await startCluster(3);
    const [first, , third] = cluster.nodes;
    await third.close();
    const { hasQuorum, waitingFor, members } = await first.status();
    assertEquals(hasQuorum, true);
    assertEquals(waitingFor, []);
    assertEquals(members.map(({ reachable }) => reachable), [true, true, false]);
  });

  it("takes about half a second at most with any members missing", async () => {
    await using cluster = await startCluster(3);
    cluster.isolate("n1");
    const before = cluster.clock.now;
    await cluster.nodes[0].status();
    assertLess(cluster.clock.now - before, 1_500);
  });

  it("counts the state that the member keeps, and what the node owns", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    assertEquals((await node.status()).entries, 0);
    await using _one = node.spawn();
    await using two = node.spawn();
    for (let key = 0; key < 10; key++) await node.kv.put(key, key, { pid: two });
    const { entries, owned } = await node.status();
    assertEquals(entries, 10);
    assertEquals(owned, { processes: 2, locks: 0, singletons: 0 });
    await two.exit();
    assertEquals((await node.status()).owned.processes, 1);
  });

  it("counts the frames received, sent and refused", async () => {
    await using cluster = await startCluster(2);
    const [first] = cluster.nodes;
    const before = (await first.status()).frames;
    await first.kv.put("k", 1);
    const after = (await first.status()).frames;
    assertGreater(after.sent, before.sent);
    assertGreater(after.received, before.received);
    assertEquals(after.dropped, 0);
  });

  it("counts no frames for a cluster of one: it needs no network", async () => {
    await using cluster = await startCluster(1);
    const [node] = cluster.nodes;
    await node.kv.put("k", 1);
    assertEquals((await node.status()).frames, { sent: 0, received: 0, dropped: 0 });
  });

  it("is plain data that belongs to the caller only", async () => {
    await using cluster = await startCluster(2);
    const [first] = cluster.nodes;
    const status = await first.status();
    assertEquals(structuredClone(status), status);
    assertEquals(JSON.parse(JSON.stringify(status)), status);
    status.frames.sent = -1;
    status.members.length = 0;
    status.owned.processes = -1;
    const again = await first.status();
    assertGreater(again.frames.sent, 0);
    assertEquals(again.members.length, 2);
    assertEquals(again.owned.processes, 0);
  });

  it("answers many calls at once, and also after the node was closed", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    const all = await Promise.all(Array.from({ length: 50 }, () => first.status()));
    assert(all.every(({ members }) => members.every(({ reachable }) => reachable)));
    await first.close();
    const { hasQuorum, session, id } = await first.status();
    assertEquals({ hasQuorum, session, id }, { hasQuorum: false, session: null, id: "n1" });
  });

  it("answers if the node closes meanwhile", async () => {
    await using cluster = await startCluster(3);
    const [first] = cluster.nodes;
    cluster.isolate("n1");
    const pending = first.status();
    cluster.heal();
    await first.close();
    assertEquals((await pending).hasQuorum, false);
  });
});

const START = "the members to agree on a start of the cluster";
const NEWS_OF_START = "the members to tell of the start of the cluster";
const GRANT = "a majority of the members to grant its session";

/** What each of `nodes` says of itself, asked every 5 ms until all of them are ready. */
async function untilReady(
  time: VirtualTime,
  nodes: readonly ClusterNode[],
): Promise<ClusterStatus[]> {
  const asked: Promise<ClusterStatus>[] = [];
  let isReady = false;
  void Promise.all(nodes.map((node) => node.ready)).then(() => isReady = true);
  for (let i = 0; !isReady && i < 1_000; i++) {
    for (const node of nodes) asked.push(node.status());
    await time.pass(5);
  }
  assert(isReady);
  return await time.until(Promise.all(asked));
}

describe("waitingFor (slow network)", () => {
  const members = ["a", "b", "c"];
  const join = (time: VirtualTime, id: string) =>
    joinWith({
      id,
      members,
      clients: true,
      maxSessionTtl: 1_000,
      transport: time.network.transport(),
    }, time.runtime);

  it("is empty with a quorum only, as a cluster begins, for members and clients", async () => {
    const time = new VirtualTime();
    time.latency = 20;
    const nodes = [];
    for (const id of [...members, "client"]) nodes.push(await join(time, id));
    const all = await untilReady(time, nodes);
    for (const { id, hasQuorum, waitingFor } of all) {
      assertEquals(waitingFor.length === 0, hasQuorum, `${id}: ${waitingFor}`);
    }
    const texts = new Set(all.flatMap(({ waitingFor }) => waitingFor));
    for (const one of [START, NEWS_OF_START, GRANT]) assert(texts.has(one), `${[...texts]}`);
    for (const { genesis, waitingFor } of all) {
      if (waitingFor.includes(START) || waitingFor.includes(NEWS_OF_START)) {
        assertEquals([genesis, waitingFor.length], [null, 1]);
      } else if (waitingFor.includes(GRANT)) assert(genesis !== null);
    }
    await time.until(Promise.all(nodes.map((node) => node.close())));
    assertEquals((await nodes[0].status()).waitingFor, []);
  });

  it("of a member without its memory names it, and nothing that it does not ask for before it has that", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time } = cluster;
    time.latency = 20;
    cluster.crash("n3");
    await cluster.pass(2_000);
    const all = await untilReady(time, [await cluster.join("n3")]);
    const texts = new Set<string>();
    for (const { hasQuorum, waitingFor } of all) {
      assertEquals(waitingFor.length === 0, hasQuorum);
      texts.add(waitingFor.join());
    }
    for (const text of texts) assert(["", NEWS_OF_START, "n3", GRANT].includes(text), text);
    assert(texts.has("n3"));
  });

  it("of a member that was removed is what a client waits for", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, maxSessionTtl: 1_000 });
    const { time, nodes: [first, , third] } = cluster;
    await time.until(first.changeMembers(["n1", "n2"]));
    await cluster.pass(3_000);
    assertEquals([third.members, third.hasQuorum], [["n1", "n2"], true]);
    cluster.isolate("n3");
    await cluster.pass(8_000);
    const { hasQuorum, waitingFor } = await time.until(third.status());
    assertEquals([hasQuorum, waitingFor], [false, ["n1", "n2"]]);
  });
});

describe("hasQuorum", () => {
  it("is true from ready on, false when the deadline has passed, and true again", async () => {
    await using cluster = await startCluster(3, { each: { n1: { sessionTtl: 200 } } });
    const [first] = cluster.nodes;
    assertEquals(first.hasQuorum, true);
    cluster.isolate("n1");
    await eventually(() => !first.hasQuorum, "the deadline");
    cluster.heal();
    await eventually(() => first.hasQuorum, "the next session");
  });

  it("is false at the instant of the deadline, before any timer runs", async () => {
    await using cluster = await startCluster(3, { each: { n1: { sessionTtl: 200 } } });
    const [first] = cluster.nodes;
    const lost = nextEvent(first, "sessionlost");
    const { remaining } = (await first.status()).session!;
    let told = false;
    lost.then(() => told = true);
    cluster.clock.countsStalls = true;
    const end = performance.now() + remaining + 200;
    while (performance.now() < end); // nothing else can run
    assertEquals(first.hasQuorum, false);
    assertEquals(told, false);
    await lost;
  });
});

describe("maxSessionTtl", () => {
  it("of members[0] limits a longer sessionTtl of all nodes", async () => {
    await using cluster = await startCluster(3, {
      sessionTtl: 600_000,
      each: { n1: { maxSessionTtl: 1_000 }, n2: { maxSessionTtl: 300_000 } },
    });
    for (const node of cluster.nodes) {
      assertLessOrEqual((await node.status()).session!.remaining, 950);
    }
  });

  it("is the sessionTtl of members[0] by default, and keeps a shorter sessionTtl", async () => {
    await using cluster = await startCluster(3, {
      each: { n1: { sessionTtl: 5_000 }, n2: { sessionTtl: 300 }, n3: { sessionTtl: 60_000 } },
    });
    const [first, second, third] = cluster.nodes;
    await turn();
    assertGreater((await first.status()).session!.remaining, 950);
    assertLessOrEqual((await second.status()).session?.remaining ?? 0, 285);
    assertLessOrEqual((await third.status()).session!.remaining, 4_750);
  });
});
