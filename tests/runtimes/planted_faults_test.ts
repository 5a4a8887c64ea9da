// Runs in Deno alone: virtual time, and servers on this machine.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Hono } from "hono";
import { joinWith } from "../../lib/cluster/join_with.ts";
import { inspector } from "../../lib/inspector/inspector.ts";
import { type ClusterNode, join } from "../../mod.ts";
import { webSocket } from "../../transports/websocket.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { VirtualTime } from "../support/virtual_time.ts";

/** What the inspector of a node answers, as JSON. */
// deno-lint-ignore no-explicit-any -- any JSON
async function ask(node: ClusterNode, path: string, time?: VirtualTime): Promise<any> {
  const app = new Hono().route("/inspect", inspector(node));
  const response = Promise.resolve(app.request(`http://host/inspect/${path}`));
  const got = time === undefined ? await response : await time.until(response);
  return await got.json();
}

/** The member `id` in an overview. */
// deno-lint-ignore no-explicit-any -- any JSON
const memberOf = (overview: any, id: string) =>
  // deno-lint-ignore no-explicit-any -- any JSON
  overview.members.find((member: any) => member.id === id);

const secret = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";

/** Asks until `test` holds: connections fail again and again. */
// deno-lint-ignore no-explicit-any -- any JSON
async function until(node: ClusterNode, test: (overview: any) => boolean): Promise<any> {
  const end = Date.now() + 30_000;
  for (;;) {
    const overview = await ask(node, "overview");
    if (test(overview) || Date.now() > end) return overview;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("the inspector alone names a planted fault", () => {
  it("a stuck holder: who holds the lock, for what, and since when", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, , third] } = cluster;
    await time.until(third.lock("orders/42", { label: "nightly report" }));
    for (let i = 0; i < 3; i++) void first.lock("orders/42").catch(() => {});
    await cluster.pass(60_000);
    const { rows: [stuck] } = await ask(first, "locks", time);
    assertEquals([stuck.key, stuck.waiting], ['"orders/42"', 3]);
    const [holder] = stuck.holders;
    assertEquals([holder.node, holder.label], ["n3", "nightly report"]);
    const { at, text, state, deadlock } = await ask(first, `explain?link=${stuck.link}`, time);
    assert(at - holder.since >= 60_000);
    assertEquals([state, deadlock], ["held", null]);
    assertStringIncludes(text, 'held by n3, process 1 ("nightly report"), asked 60.');
  });

  it("a deadlock of two locks: its cycle", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, second, third] } = cluster;
    const take = (node: ClusterNode, has: string, wants: string) =>
      node.spawn(async (self) => {
        await self.lock(has);
        await self.lock(wants);
      }).result.catch(() => {});
    void take(first, "accounts/a", "accounts/b");
    void take(second, "accounts/b", "accounts/a");
    await cluster.pass(1_000);
    const { deadlock, text } = await ask(third, "explain?key=accounts/a", time);
    assertEquals(deadlock.certain, true);
    // deno-lint-ignore no-explicit-any -- any JSON
    const cycle = deadlock.cycle.map(({ key, owner }: any) => `${owner.node} has ${key}`);
    assertEquals(cycle, ["n1 has accounts/a", "n2 has accounts/b"]);
    assertStringIncludes(text, "DEADLOCK");
  });

  it("a cut in one direction: which member is heard, and does not answer", async () => {
    // What n1 sends to n3 is lost; what n3 sends arrives.
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 1_000 }, (transport, id) => ({
      open: (...user) => transport.open(...user),
      send: (to, frame) => {
        if (id !== "n1" || to !== "n3" || !isCut) transport.send(to, frame);
      },
      close: () => transport.close(),
    }));
    isCut = true;
    await cluster.pass(5_000);
    const overview = await ask(cluster.nodes[0], "overview", cluster.time);
    isCut = false;
    assertEquals(memberOf(overview, "n2").reachable, true);
    const { reachable, lastError } = memberOf(overview, "n3");
    assertEquals(reachable, false);
    assertStringIncludes(lastError, "it is heard, but does not answer");
    assertStringIncludes(lastError, "a cut in one direction");
  });

  it("a wrong secret: which member refuses this node, and why", async () => {
    const { node: server, url, close } = await serve(secret);
    const peers = { w1: url };
    const transport = webSocket({ peers, secret: secret.replace("v", "w") });
    const node = await join({ id: "w2", members: ["w1", "w2"], transport });
    const overview = await until(node, (overview) => memberOf(overview, "w1").lastError !== null);
    assertMatch(memberOf(overview, "w1").lastError, /secret|proof|4401|unauthorized/i);
    await Promise.all([node.close(), server.close()]);
    await close();
  });

  it("a wrong URL: which member is not there, and where it was looked for", async () => {
    const { node: server, url, close } = await serve(secret);
    const peers = { w1: `${url}/elsewhere` };
    const transport = webSocket({ peers, secret });
    const node = await join({ id: "w2", members: ["w1", "w2"], transport });
    const overview = await until(node, (overview) => memberOf(overview, "w1").lastError !== null);
    const expected = `${url}/elsewhere: 404: nothing is mounted at this address`;
    assertEquals(memberOf(overview, "w1").lastError, expected);
    assertEquals(overview.waitingFor.includes("w1"), true);
    await Promise.all([node.close(), server.close()]);
    await close();
  });

  it("lists of members that differ: that, and the lists", async () => {
    const time = new VirtualTime();
    const join = (id: string, members: string[]) =>
      joinWith({ id, members, transport: time.network.transport() }, time.runtime);
    const first = await join("n1", ["n1", "n2"]);
    const second = await join("n2", ["n1", "n2", "n3"]);
    await time.pass(5_000);
    const overview = await ask(first, "overview", time);
    assertEquals(overview.fatal.code, "members_mismatch");
    assertStringIncludes(overview.fatal.message, "n1, n2, n3");
    assertEquals(memberOf(overview, "n2").lastError, overview.fatal.message);
    const { state, reason } = await ask(first, "explain?key=k", time);
    assertEquals(state, "unknown");
    assertStringIncludes(reason, "n1, n2, n3");
    await time.until(Promise.all([first.close(), second.close()]));
  });
});

let isCut = false;

/** A member over WebSocket on this machine. */
async function serve(secret: string) {
  const { upgradeWebSocket } = await import("hono/deno");
  const transport = webSocket({ peers: {}, secret, upgradeWebSocket });
  const app = new Hono().route("/synod", transport.routes);
  const listen = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(listen, (request) => app.fetch(request));
  const node = await join({ id: "w1", members: ["w1", "w2"], transport });
  const url = `ws://127.0.0.1:${server.addr.port}/synod`;
  return { node, url, close: () => server.shutdown() };
}
