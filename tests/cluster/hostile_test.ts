// Runs by itself: it measures memory.
/** A node trusts nothing that comes from the network. */
import process from "node:process";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, FORMAT_VERSION } from "../../lib/codec.ts";
import { type ClusterNode, join } from "../../mod.ts";
import { memoryNetwork } from "../../transports/memory.ts";
import { Random } from "../../testing/random.ts";
import { MalformedFrames } from "../support/malformed_frames.ts";
import { heapUsed } from "../support/heap.ts";
import { tapped, type TappedTransport } from "../support/tapped_transport.ts";
import { valueOf } from "../support/expect.ts";
import { turn } from "../support/wait.ts";

const FRAMES = 100_000;
const MEMBERS = ["n1", "n2", "n3"];
const SENDERS = [...MEMBERS, "client", "stranger", "", "*", "n1/nonsense"];

/** Three members, with a tap on each; with `clients` also a client. */
async function startTapped(clients = false) {
  const network = memoryNetwork();
  const taps: TappedTransport[] = [];
  const nodes: ClusterNode[] = [];
  for (const id of clients ? [...MEMBERS, "client"] : MEMBERS) {
    const transport = tapped(network.transport());
    taps.push(transport);
    // With clients, the start takes one time to live of sessions.
    const sessionTtl = clients ? 100 : 60_000;
    nodes.push(await join({ id, members: MEMBERS, transport, clients, sessionTtl }));
  }
  await Promise.all(nodes.map((node) => node.ready));
  return {
    nodes,
    taps,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}

/** Sends every kind of message, and returns a selection of the frames that carried them. */
async function capture(): Promise<Uint8Array[]> {
  await using cluster = await startTapped(true);
  const { nodes: [first, second, third, client] } = cluster;
  await using process = second.spawn();
  await using held = client.spawn();
  const stop = new AbortController();
  const watching = (async () => {
    for await (const _ of third.kv.watch("leader", { signal: stop.signal }));
  })().catch(() => {});
  await first.kv.put("plain", { text: "ü", bytes: new Uint8Array(50), big: 2n ** 70n });
  await first.kv.put(["a", 1], new Map([[1, new Set([2])]]), { bucket: "b" });
  await first.kv.put("leader", 1, { pid: process });
  await client.kv.put("held", 1, { pid: held });
  await third.kv.put("of node", 1, { node: "n2", until: third.kv.now() + 60_000 });
  await third.kv.put("of key", 1, { key: "leader" });
  await Promise.all(cluster.nodes.flatMap((node) => [
    node.kv.put("contended", node.id),
    node.kv.get("plain"),
    node.kv.get("of key"),
    node.kv.keys(),
    node.status(),
  ]));
  await process.exit();
  await first.kv.get("of key");
  await third.close();
  stop.abort();
  await watching;
  await first.kv.keys();
  // One frame of each length and content is enough.
  const unlike = new Map<string, Uint8Array>();
  for (const frame of cluster.taps.flatMap(({ sent }) => sent)) {
    const decoded = decodeFrame(frame);
    assert(decoded.ok);
    const { requests, replies } = decoded.frame;
    unlike.set([frame.length, ...[...requests, ...replies].map(({ type }) => type)].join(), frame);
  }
  return [...unlike.values()];
}

/** The values that three nodes agree on, before and after. */
async function agree(nodes: readonly ClusterNode[]): Promise<Map<unknown, number>> {
  const tokens = new Map<unknown, number>();
  for (const node of nodes) {
    for (const key of ["x", "y", 3]) {
      const claim = valueOf(await node.kv.claim(key, `value of ${key}`));
      assertEquals(claim.value, `value of ${key}`);
      assertEquals(tokens.get(key) ?? claim.token, claim.token);
      tokens.set(key, claim.token);
    }
  }
  return tokens;
}

describe("a node that receives nonsense", () => {
  it("counts and drops 100,000 frames that are not well-formed, and nothing else changes", async () => {
    const frames = await capture();
    assertGreater(frames.length, 50);
    assert(frames.every((frame) => decodeFrame(frame).ok));
    await using cluster = await startTapped();
    const { nodes, taps: [tap] } = cluster;
    const [victim] = nodes;
    const before = await agree(nodes);
    const status = await victim.status();
    const random = new Random("not well-formed");
    // Made from the cluster's own frames, so that most of each frame is valid.
    const mutations = new MalformedFrames(random, [
      ...frames,
      ...cluster.taps.flatMap(({ sent }) => sent),
    ]);
    for (const { sent } of cluster.taps) sent.length = 0;
    const heap = await heapUsed();
    let count = 0;
    while (count < FRAMES) {
      const frame = mutations.next();
      if (decodeFrame(frame).ok) continue;
      tap.inject(random.pick(SENDERS), frame);
      // Timers need their turns; otherwise frames are set aside and finally dropped.
      if (++count % 500 === 0) await turn();
      // The cluster goes on meanwhile.
      if (count % 20_000 === 0) assertEquals((await victim.kv.put(["k", count], 1)).ok, true);
    }
    for (const { sent } of cluster.taps) sent.length = 0;
    assertLess(await heapUsed() - heap, 2_000_000);
    const after = await victim.status();
    assertEquals(after.frames.dropped - status.frames.dropped, FRAMES);
    assertEquals(after.entries, status.entries + FRAMES / 20_000);
    assertEquals(after.members, status.members);
    assertEquals(victim.hasQuorum, true);
    assertEquals(await agree(nodes), before);
  });

  it("drops frames made to be expensive, without spending time on them", async () => {
    const transport = tapped(memoryNetwork().transport());
    await using node = await join({ id: "n1", members: ["n1"], transport });
    await node.ready;
    const long = (...head: number[]) => {
      const frame = new Uint8Array(1_000_000).fill(0x81); // a list in a list in a list
      frame.set([FORMAT_VERSION, ...head]);
      return frame;
    };
    const costly: Readonly<Record<string, Uint8Array>> = {
      "nested a million deep": long(),
      "nested a million deep, within a map": long(0xa1),
      "a bignum of 200,000 bytes": long(0xc2, 0x5a, 0, 0x03, 0x0d, 0x40),
      "a negative one, in a list": long(0x81, 0xc3, 0x5a, 0, 0x03, 0x0d, 0x40),
      "a list of 2^32 items": long(0x9b, 0, 0, 0, 1, 0, 0, 0, 0),
      "a map of 2^32 entries": long(0xbb, 0, 0, 0, 1, 0, 0, 0, 0),
      "a string of 2^40 bytes": long(0x7b, 0, 0, 1, 0, 0, 0, 0, 0),
      "a list without an end": long(0x9f),
      "longer than any frame": new Uint8Array(17 * 2 ** 20).fill(FORMAT_VERSION),
    };
    for (const [what, frame] of Object.entries(costly)) {
      // Makes sure that it is handled at once, and not set aside until a timer had its turn.
      await turn();
      // Of the processor, since the process may stand still meanwhile; in microseconds.
      const before = process.cpuUsage();
      transport.inject("n2", frame);
      const { user, system } = process.cpuUsage(before);
      assertLess(user + system, 1_000_000, what);
    }
    assertEquals((await node.status()).frames.dropped, Object.keys(costly).length);
    assertEquals(await node.kv.put("k", 1), { ok: true, value: 1 });
  });

  it("handles whole frames of another cluster, real and mutated: no agreed value changes", async () => {
    const frames = await capture();
    await using cluster = await startTapped();
    const { nodes, taps: [tap] } = cluster;
    const [victim] = nodes;
    const before = await agree(nodes);
    const { entries, frames: { dropped } } = await victim.status();
    const random = new Random("another cluster");
    const mutations = new MalformedFrames(random, frames);
    let count = 0;
    let tries = 0;
    while (count < FRAMES / 10) {
      const frame = tries++ % 10 === 0 ? random.pick(frames) : mutations.next();
      if (!decodeFrame(frame).ok) continue;
      tap.inject(random.pick(MEMBERS.slice(1)), frame);
      // Lets its answers leave in time; no test waits for them.
      if (++count % 1_000 === 0) await turn();
    }
    const after = await victim.status();
    assertEquals(after.frames.dropped, dropped);
    assertEquals(after.entries, entries);
    assertEquals(victim.hasQuorum, true);
    assertEquals(await agree(nodes), before);
    for (const node of nodes) assertEquals((await node.kv.put(["k", node.id], 1)).ok, true);
  });

  it("never throws for mutations of whole frames of its own cluster", async () => {
    await using cluster = await startTapped();
    const { nodes: [victim, second], taps } = cluster;
    await agree(cluster.nodes);
    await second.kv.keys();
    const random = new Random("its own cluster");
    const mutations = new MalformedFrames(random, taps.flatMap(({ sent }) => sent));
    let whole = 0;
    for (let count = 0; count < FRAMES / 10; count++) {
      const frame = mutations.next();
      if (decodeFrame(frame).ok) whole++;
      taps[0].inject(random.pick(SENDERS), frame);
    }
    assertGreater(whole, 100);
    // The node may believe that another process has taken its place, but it answers.
    assertEquals((await victim.status()).id, "n1");
  });

  it("takes and answers no frame before it was opened or after it was closed", async () => {
    const transport = tapped(memoryNetwork().transport());
    const node = await join({ id: "n1", members: ["n1"], transport });
    await node.ready;
    await node.close();
    const before = (await node.status()).frames;
    for (const frame of await capture()) transport.inject("n2", frame);
    assertEquals((await node.status()).frames, before);
  });
});
