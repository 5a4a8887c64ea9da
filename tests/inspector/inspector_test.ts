// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Hono } from "hono";
import { inspector, type InspectorOptions } from "../../lib/inspector/inspector.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import type { ClusterNode } from "../../mod.ts";
import { fill } from "./support/fill.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const Slow = { id: "slow", start: () => ({ wait: () => new Promise<void>(() => {}) }) };

/** The inspector of a node, at `/ops/inspect`, and what it answers. */
function inspectorOf(cluster: VirtualCluster, node: ClusterNode, options?: InspectorOptions) {
  const app = new Hono().route("/ops/inspect", inspector(node, options));
  const fetch = (path: string, init?: RequestInit) =>
    cluster.time.until(Promise.resolve(app.request(`http://host/ops/inspect${path}`, init)));
  return {
    fetch,
    // deno-lint-ignore no-explicit-any -- any JSON
    async get(path: string): Promise<any> {
      const response = await fetch(path);
      assertEquals(response.headers.get("content-type"), "application/json");
      return await cluster.time.until(response.json());
    },
    async post(path: string, body: unknown, headers: Record<string, string> = {}) {
      const own = { "content-type": "application/json", "x-synod-inspector": "1" };
      const init = { method: "POST", body: JSON.stringify(body), headers: { ...own, ...headers } };
      const response = await fetch(path, init);
      return { status: response.status, answer: await response.json() };
    },
  };
}

describe("inspector()", () => {
  it("serves a page that loads nothing from elsewhere, under a strict policy", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { fetch } = inspectorOf(cluster, cluster.nodes[0]);
    for (const path of ["/", "/inspector.js", "/views.js", "/inspector.css"]) {
      const response = await fetch(path);
      assertEquals(response.status, 200);
      const policy = response.headers.get("content-security-policy") ?? "";
      assert(!policy.includes("unsafe") && policy.includes("default-src 'none'"), policy);
      assertStringIncludes(policy, "require-trusted-types-for 'script'");
      const text = await response.text();
      assert(!/https?:|\bon\w+=|style=|innerHTML|\beval\b/.test(text), path);
    }
    const redirect = await fetch("");
    assertEquals([redirect.status, redirect.headers.get("location")], [302, "inspect/"]);
    assertEquals((await fetch("/nothing")).status, 404);
  });

  it("shows members, sessions and the node", async () => {
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 1_000 });
    const { get } = inspectorOf(cluster, cluster.nodes[0]);
    cluster.crash("n3");
    await cluster.pass(3_000);
    const overview = await get("/overview");
    assertEquals([overview.id, overview.votes, overview.hasQuorum], ["n1", true, true]);
    // deno-lint-ignore no-explicit-any -- any JSON
    const members = overview.members.map(({ id, state, reachable }: any) => [id, state, reachable]);
    assertEquals(members, [
      ["n1", "operational", true],
      ["n2", "operational", true],
      ["n3", "unknown", false],
    ]);
    const [own, second, third] = overview.members;
    assertEquals([own.roundTrip, third.roundTrip], [0, null]);
    assert(second.roundTrip > 0 && second.roundTrip < 10);
    // deno-lint-ignore no-explicit-any -- any JSON
    assertEquals(overview.sessions.map(({ node }: any) => node), ["n1", "n2"]);
    assertEquals([overview.actions, overview.buttons, overview.fatal], [false, [], null]);
  });

  it("lists locks, those with most requests first; keys by bucket; singletons with their calls", async () => {
    await using cluster = await VirtualCluster.start(1, { hosts: [Slow] });
    const { time, nodes: [node] } = cluster;
    await time.until(node.lock("free later"));
    await time.until(node.lock("wanted", { label: "<b>bold</b>" }));
    void node.lock("wanted").catch(() => {});
    await time.until(node.kv.put("<script>", "<img src=x>", { bucket: "b" }));
    await time.until(node.kv.put(1, 1, { until: time.runtime.wallNow() + 1_000_000 }));
    const slow = node.name("s", Slow);
    void slow.wait().catch(() => {});
    void slow.wait().catch(() => {});
    await cluster.pass(10);
    const { get } = inspectorOf(cluster, node);

    const locks = await get("/locks");
    assertEquals(locks.total, 2);
    const [wanted] = locks.rows;
    assertEquals([wanted.key, wanted.waiting, wanted.held], ['"wanted"', 1, 1]);
    assertEquals([wanted.holders[0].label, wanted.holders[0].node], ["<b>bold</b>", "n1"]);
    assertEquals((await get("/locks?filter=BOLD")).total, 1);
    assertEquals((await get(`/explain?link=${wanted.link}`)).waiting, 1);

    const buckets = await get("/buckets");
    assertEquals(buckets, [{ name: "b", keys: 1 }, { name: null, keys: 1 }]);
    const { rows: [key] } = await get("/keys?bucket=b");
    assertEquals([key.key, key.value], ['"<script>"', '"<img src=x>"']);
    const { rows: [bound] } = await get("/keys");
    assertStringIncludes(bound.bindings[0], "until ");

    const { rows: [singleton] } = await get("/singletons");
    assertEquals([singleton.spec, singleton.key, singleton.node], ["slow", '"s"', "n1"]);
    assertEquals(singleton.running, [{ method: "wait", from: "n1" }]);
    assertEquals(singleton.waiting, 1);
  });

  it("explains the lock of a text, of JSON, and of a link; refuses anything else", async () => {
    await using cluster = await VirtualCluster.start(1);
    const [node] = cluster.nodes;
    await cluster.time.until(node.lock("a"));
    await cluster.time.until(node.lock(["a", 1]));
    const { get, fetch } = inspectorOf(cluster, node);
    assertEquals((await get("/explain?key=a")).state, "held");
    assertEquals((await get(`/explain?key=${encodeURIComponent('["a",1]')}`)).state, "held");
    assertEquals((await get("/explain?key=[a")).state, "free");
    for (const query of ["", "?link=x", "?link=a_Z6eA", "?link=bPb_"]) {
      assertEquals((await fetch(`/explain${query}`)).status, 400, query);
    }
  });

  it("answers with what is wrong, also when the node has closed", async () => {
    const cluster = await VirtualCluster.start(1);
    const { get, fetch } = inspectorOf(cluster, cluster.nodes[0]);
    await cluster[Symbol.asyncDispose]();
    const overview = await get("/overview");
    assertEquals(overview.fatal.code, "closed");
    const response = await fetch("/explain?key=a");
    assertEquals([response.status, (await response.json()).code], [503, "closed"]);
  });

  it("serves many keys and 1,000 locks page by page", async () => {
    await using cluster = await VirtualCluster.start(1);
    const [node] = cluster.nodes;
    fill(node, { keys: 20_000, locks: 1_000 });
    const { get } = inspectorOf(cluster, node);
    assertEquals(await get("/buckets"), [{ name: "many", keys: 20_000 }]);
    const seen = new Set<string>();
    let after = "";
    for (let page = 0; page < 5; page++) {
      const { rows, more } = await get(`/keys?bucket=many&limit=500&after=${after}`);
      assertEquals([rows.length, more], [500, true]);
      for (const { key } of rows) seen.add(key);
      after = rows.at(-1).link;
    }
    assertEquals(seen.size, 2_500);
    const begun = performance.now();
    const { rows, total } = await get("/locks?limit=9999");
    assertEquals([rows.length, total], [500, 1_000]);
    assertEquals((await get("/locks?offset=990&limit=100")).rows.length, 10);
    assertEquals((await get("/locks?filter=lock/77")).total, 11);
    assertLess(performance.now() - begun, 30_000);
    assertLess(JSON.stringify(await get("/locks?limit=100")).length, 100_000);
  });
});

describe("the timeline of an inspector", () => {
  it("is sent while a page follows it, and costs nothing without one", async () => {
    await using cluster = await VirtualCluster.start(1);
    const { time, nodes: [node] } = cluster;
    const { fetch } = inspectorOf(cluster, node);
    const { tracing } = partsOf(node).engine;
    assertEquals(tracing.emit, undefined);
    const response = await fetch("/events");
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    assert(tracing.emit !== undefined);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async () => (await time.until(reader.read())).value ?? "";
    assertStringIncludes(await next(), "event: events\ndata: ");
    await time.until(node.lock("<i>", { label: "x" }));
    const text = await next();
    assertStringIncludes(text, '"type":"lock.granted"');
    const data = JSON.parse(text.split("data: ")[1]);
    const numbers = data.events.map(({ number }: { number: number }) => number);
    assertEquals(numbers, numbers.map((_: number, index: number) => index + 1));
    await reader.cancel();
    await cluster.pass(20_000);
    assertEquals(tracing.emit, undefined);
  });

  it("ends when the node closes, and leaves no timer behind", async () => {
    const cluster = await VirtualCluster.start(1);
    const { fetch } = inspectorOf(cluster, cluster.nodes[0]);
    const bodies = [await fetch("/events"), await fetch("/events")];
    await cluster.pass(1_000);
    await bodies[0].body!.cancel();
    await cluster[Symbol.asyncDispose]();
    assertStringIncludes(await cluster.time.until(bodies[1].text()), "event: events");
    assertEquals(cluster.time.timers, 0);
  });
});

describe("the actions of an inspector", () => {
  it("are refused unless they are on, and to other sites", async () => {
    await using cluster = await VirtualCluster.start(1);
    const [node] = cluster.nodes;
    const shows = inspectorOf(cluster, node);
    assertEquals((await shows.post("/take", { link: "" })).status, 403);
    const acts = inspectorOf(cluster, node, { actions: true });
    const foreign: Record<string, string>[] = [
      { "x-synod-inspector": "" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      assertEquals((await acts.post("/take", { link: "" }, headers)).status, 403);
    }
    for (const [name, body] of [["take", { link: "x" }], ["take", null], ["other", {}]] as const) {
      assertEquals((await acts.post(`/${name}`, body)).status, 400);
    }
  });

  it("take a lock away, report the end of a process, and press buttons", async () => {
    await using cluster = await VirtualCluster.start(3);
    const { time, nodes: [first, second, third] } = cluster;
    const pressed: string[] = [];
    const buttons = {
      Kill: (id: string) => void pressed.push(id),
      Fail: () => {
        throw new Error("not today");
      },
    };
    const { get, post } = inspectorOf(cluster, first, { actions: true, buttons });
    assertEquals((await get("/overview")).buttons, ["Kill", "Fail"]);
    const lock = await time.until(second.lock("k"));
    await cluster.pass(1_000);
    const { rows: [{ link }] } = await get("/locks");
    assertEquals((await post("/take", { link })).status, 200);
    await cluster.pass(1_000);
    assertEquals([lock.held, (await time.until(first.explain("k"))).state], [lock.held, "free"]);
    assert(lock.signal.aborted);
    const session = (await time.until(third.status())).session!.id;
    assertEquals((await post("/report", { session })).answer, { ok: true });
    assertEquals((await post("/button", { button: "Kill", member: "n2" })).status, 200);
    assertEquals(pressed, ["n2"]);
    const failed = await post("/button", { button: "Fail", member: "n2" });
    assertEquals([failed.status, failed.answer.error], [400, "not today"]);
    for (const wrong of [{ button: "toString", member: "n2" }, { button: "Kill", member: "x" }]) {
      assertEquals((await post("/button", wrong)).status, 400);
    }
  });

  it("are options that are checked", async () => {
    await using cluster = await VirtualCluster.start(1);
    const guest = { id: "g", reportExit: () => Promise.resolve() };
    assertThrows(() => inspector(guest), TypeError, "inspector: node");
    // What no program with types would pass.
    const bad = [{ action: true }, { actions: 1 }, { actions: true, buttons: { x: 1 } }];
    for (const options of bad as InspectorOptions[]) {
      assertThrows(() => inspector(cluster.nodes[0], options), TypeError, "inspector: ");
    }
  });
});
