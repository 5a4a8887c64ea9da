// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { decodeFrame, decodeValue, encodeValue, registerId } from "../../lib/codec.ts";
import { callsUnderWay } from "../../lib/inspector/calls.ts";
import {
  type CallsUnderWay,
  decodeSingletonReply,
  encodeSingletonReply,
  type SingletonReply,
} from "../../lib/singletons/singleton_messages.ts";
import type { ClusterNode } from "../../mod.ts";
import { reasonOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { inspectorOf } from "./support/inspected.ts";

const Slow = {
  id: "slow",
  concurrent: true,
  start: () => ({ wait: () => new Promise<void>(() => {}) }),
};
const One = { ...Slow, id: "one", concurrent: false };

/** What a node answers to a question for calls instead; `null`: nothing, as an earlier version does. */
type Change = (answer: SingletonReply & { type: "calls" }) => Uint8Array | null;

function answerOtherwise(node: ClusterNode, change: Change): void {
  const { singletons } = partsOf(node);
  const asked = singletons.asked.bind(singletons);
  singletons.asked = (from, life, body, tell) =>
    asked(from, life, body, (told) => {
      const answer = decodeSingletonReply(told);
      const changed = answer.type === "calls" ? change(answer) : told;
      if (changed !== null) tell(changed);
    });
}

/** Has `n2` of three members, or a client, run an instance for which `calls` calls are under way; the row of `n1`. */
async function rowOf(
  calls: number,
  options: { spec?: typeof Slow; change?: Change; client?: boolean } = {},
) {
  const { spec = Slow, change, client = false } = options;
  await using cluster = await VirtualCluster.start(3, { clients: true });
  const { time } = cluster;
  const id = client ? "host" : "n2";
  if (!client) await time.until(cluster.node(id).close());
  const host = await cluster.join(id, { hosts: [spec] });
  if (change !== undefined) answerOtherwise(host, change);
  await cluster.pass(5_000);
  const [first, , third] = cluster.nodes;
  const errors: string[] = [];
  first.addEventListener("error", ({ detail }) => errors.push(String(detail.error)));
  for (let i = 0; i < calls; i++) void reasonOf(third.name("s", spec).wait());
  await cluster.pass(1_000);
  const begun = time.runtime.now();
  const { rows: [row], total } = await inspectorOf(cluster, first).get("/singletons");
  assertEquals(total, 1);
  const took = time.runtime.now() - begun;
  const { frames: { dropped } } = await time.until(first.status());
  assertEquals([errors, dropped], [[], 0]);
  return { ...row, took };
}

describe("the calls under way in an inspector", () => {
  it("are told by a member that runs the instance", async () => {
    const { node, running, begun, waiting } = await rowOf(3, { spec: One });
    assertEquals(node, "n2");
    assertEquals([running, begun, waiting], [[{ method: "wait", from: "n3" }], 1, 2]);
  });

  it("are told by a client that runs it", async () => {
    const { node, running, begun, waiting } = await rowOf(2, { client: true });
    const call = { method: "wait", from: "n3" };
    assertEquals([node, running, begun, waiting], ["host", [call, call], 2, 0]);
  });

  it("are the first ten of each instance", async () => {
    const { running, begun } = await rowOf(25);
    assertEquals([running.length, begun], [10, 25]);
  });

  it("are not known if the host is silent, as one of an earlier version is", async () => {
    const row = await rowOf(1, { change: () => null });
    assertEquals([row.node, row.running, row.begun, row.waiting], ["n2", null, null, null]);
    // A page does not wait for it for long.
    assertLess(row.took, 1_500);
  });

  it("are not known if what the host tells is malformed, or about other instances", async () => {
    const calls = (...instances: (CallsUnderWay | null)[]) =>
      encodeSingletonReply({ type: "calls", instances });
    const changes: Change[] = [
      () => Uint8Array.of(0x9f),
      () => encodeValue([13, [[1]]], 100),
      () => encodeSingletonReply({ type: "running" }),
      ({ instances: [one] }) => calls(one, one),
      ({ instances: [one] }) => calls({ ...one!, token: one!.token - 1 }),
    ];
    for (const change of changes) {
      const { running, waiting } = await rowOf(1, { change });
      assertEquals([running, waiting], [null, null]);
    }
  });

  it("are asked for in messages of a hundred instances, and of no guest", async () => {
    const asked: number[] = [];
    await using cluster = await VirtualCluster.start(1, { clients: true }, (inner) => ({
      open: (...of) => inner.open(...of),
      close: () => inner.close(),
      send: (to, frame) => {
        const decoded = decodeFrame(frame);
        for (const request of decoded.ok ? decoded.frame.requests : []) {
          const fields = request.type === "ask" ? decodeValue(request.body) as unknown[] : [];
          // Code 7: for the calls of these instances.
          if (fields[0] === 7) asked.push((fields[1] as unknown[]).length);
        }
        inner.send(to, frame);
      },
    }));
    const { time, nodes: [node] } = cluster;
    await cluster.join("host", { hosts: [Slow] });
    await cluster.pass(5_000);
    for (let n = 0; n < 250; n++) void reasonOf(node.name(n, Slow).wait());
    await cluster.pass(5_000);
    const { rows } = await inspectorOf(cluster, node).get("/singletons?limit=500");
    assertEquals(rows.length, 250);
    for (const { running } of rows) assertEquals(running, [{ method: "wait", from: "n1" }]);
    assertEquals(asked, [100, 100, 50]);
    const guest = { register: registerId("s", "slow", 1), node: "~g", token: 1 };
    const before = time.runtime.now();
    assertEquals((await time.until(callsUnderWay(partsOf(node), [guest]))).size, 0);
    // Nothing was waited for.
    assertLess(time.runtime.now() - before, 500);
  });
});
