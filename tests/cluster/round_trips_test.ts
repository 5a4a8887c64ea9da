// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import type { JoinOptions } from "../../mod.ts";
import { valueOf } from "../support/expect.ts";
import { keyFor } from "../singletons/support/keys.ts";
import { ROUND_TRIP, TimedCluster } from "../locks/support/timed_cluster.ts";

const LONG = { sessionTtl: 60_000, timeout: 10_000 };

const OF_REGISTERS: readonly string[] = ["fast", "prepare", "accept", "read"];

/** Starts members, and notes the rounds of requests about registers that n1 sends. */
async function start(
  size: number,
  options: Partial<JoinOptions> = {},
): Promise<{ cluster: TimedCluster; rounds: string[] }> {
  const cluster = await TimedCluster.start(size, { ...LONG, ...options });
  const rounds: string[] = [];
  const ids = new Set<number>();
  cluster.onSend = (from, bytes) => {
    const decoded = decodeFrame(bytes);
    if (from !== "n1" || !decoded.ok) return;
    for (const { id, type } of decoded.frame.requests) {
      if (!OF_REGISTERS.includes(type) || ids.has(id)) continue;
      ids.add(id);
      rounds.push(type);
    }
  };
  return { cluster, rounds };
}

/** The rounds of requests that `work` of n1 takes. */
async function roundsOf(
  { cluster, rounds }: { cluster: TimedCluster; rounds: string[] },
  work: () => Promise<unknown>,
): Promise<string[]> {
  rounds.length = 0;
  await cluster.until(work());
  return rounds.slice();
}

for (const size of [2, 3, 5]) {
  describe(`with ${size} members, all up (section 3a)`, () => {
    it("a fresh put takes one round trip, bound or not", async () => {
      const one = await start(size);
      await using cluster = one.cluster;
      const [node] = cluster.nodes;
      for (const key of ["a", "b", "c"]) {
        assertEquals(await roundsOf(one, () => node.kv.put(key, key)), ["fast"]);
      }
      const process = node.spawn();
      assertEquals(await roundsOf(one, () => node.kv.put("d", 1, { pid: process })), ["fast"]);
    });

    it("a fresh lock takes one round trip, and its release another one", async () => {
      const one = await start(size);
      await using cluster = one.cluster;
      const [node] = cluster.nodes;
      for (const name of ["a", "b", "c"]) {
        let lock: Awaited<ReturnType<typeof node.lock>> | undefined;
        const acquired = await roundsOf(one, async () => lock = await node.lock(name));
        assertEquals([acquired, lock?.held], [["fast"], true]);
        assertEquals(await roundsOf(one, () => lock!.release()), ["accept"]);
      }
    });
  });
}

for (const [size, down] of [[3, 0], [5, 0], [3, 1]] as const) {
  describe(`a lock that another node waits for, with ${size} members, ${down} down (section 3)`, () => {
    it("is released in one round trip, and the other node has it by then", async () => {
      const one = await start(size);
      await using cluster = one.cluster;
      const [first, second] = cluster.nodes;
      if (down > 0) cluster.isolate("n3");
      for (const name of ["a", "b", "c"]) {
        const lock = await cluster.until(first.lock(name));
        // What the node does otherwise meanwhile does not matter.
        for (let i = 0; i < 9; i++) await cluster.until(first.kv.put(`${name} ${i}`, i));
        const next = second.lock(name);
        await cluster.until(Promise.all("rst".split("").map((i) => first.kv.put(name + i, i))));
        await cluster.time.pass(20);
        const started = cluster.now;
        const rounds = await roundsOf(one, () => Promise.all([lock.release(), next]));
        assertEquals(rounds, ["accept"]);
        assertLessOrEqual(cluster.now - started, ROUND_TRIP);
        await cluster.until(next.then((lock) => lock.release()));
      }
    });
  });
}

describe("with one of three members down (section 3a)", () => {
  it("one operation waits once for the lost answer, and no later one begins with a fast round", async () => {
    const one = await start(3);
    await using cluster = one.cluster;
    const [node] = cluster.nodes;
    cluster.isolate("n3");
    // The time that a quorum took, as long again, and a round trip; the clock of the test goes on in steps.
    let took = 0;
    const first = await roundsOf(one, async () => {
      const started = cluster.now;
      await node.kv.put("a", 1);
      took = cluster.now - started;
    });
    assertEquals(first, ["fast", "accept"]);
    assertLessOrEqual(took, 3 * ROUND_TRIP + 1);
    for (const key of ["b", "c"]) {
      assertEquals(await roundsOf(one, () => node.kv.put(key, 1)), ["prepare", "accept"]);
    }
    assertEquals(await roundsOf(one, () => node.lock("c")), ["prepare", "accept"]);
    await cluster.time.pass(40_000);
    assertEquals(await roundsOf(one, () => node.kv.put("d", 1)), ["prepare", "accept"]);
    cluster.heal();
    await cluster.time.pass(40_000);
    assertEquals(await roundsOf(one, () => node.kv.put("e", 1)), ["fast"]);
  });

  it("a value of a fast round is read while it is down, before and after the members were told", async () => {
    const one = await start(3);
    await using cluster = one.cluster;
    const [first, second] = cluster.nodes;
    await cluster.until(second.kv.put("told", 1));
    await cluster.time.pass(200);
    await cluster.until(second.kv.put("untold", 2));
    cluster.isolate("n3");
    const get = async (key: string, value: number) =>
      assertEquals(valueOf(await first.kv.get(key)), value);
    assertEquals(await roundsOf(one, () => get("told", 1)), ["read"]);
    // Only a write can tell, once.
    assertEquals(await roundsOf(one, () => get("untold", 2)), ["read", "prepare", "accept"]);
  });
});

describe("with one of three members slow (section 3a)", () => {
  it("few operations wait for it, then it is tried seldom", async () => {
    const one = await start(3);
    await using cluster = one.cluster;
    const [node] = cluster.nodes;
    let late = 0;
    for (let i = 0; i < 200; i++) {
      // Its answers come when the operation is over.
      cluster.deafen("n3");
      const rounds = await roundsOf(one, () => node.kv.put(i, i));
      if (rounds[0] === "fast") late++;
      cluster.undeafen("n3");
      await cluster.time.pass(5);
    }
    assertGreater(late, 0);
    assertLessOrEqual(late, 4);
    await cluster.time.pass(60_000);
    for (let i = 0; i < 4; i++) await cluster.until(node.kv.put(`quick ${i}`, i));
    assertEquals(await roundsOf(one, () => node.kv.put("quick", 1)), ["fast"]);
  });
});

describe("a register in which something was met (section 3a)", () => {
  it("is asked about in none by a member that holds it", async () => {
    const one = await start(3);
    await using cluster = one.cluster;
    const [first, second] = cluster.nodes;
    await cluster.until(second.lock("a"));
    await cluster.time.pass(200);
    const attempt = () => first.lock("a", { ifAvailable: true });
    assertEquals(await roundsOf(one, attempt), ["prepare"]);
  });

  it("is not asked about in one again for a while by a client, since that would have to write", async () => {
    const one = await start(4, { members: ["n2", "n3", "n4"], clients: true });
    await using cluster = one.cluster;
    const [first, second] = cluster.nodes;
    await cluster.until(second.lock("a"));
    const attempt = () => first.lock("a", { ifAvailable: true });
    assertEquals(await roundsOf(one, attempt), ["fast", "accept"]);
    // Its write has left the promise of the next ballot to the holder.
    assertEquals(await roundsOf(one, attempt), ["prepare"]);
    assertEquals(await roundsOf(one, attempt), ["prepare"]);
    await cluster.time.pass(20_000);
    assertEquals(await roundsOf(one, attempt), ["fast", "accept"]);
  });
});

for (const down of [0, 1]) {
  describe(`a call of a singleton whose instance is known, with ${down} of three members down`, () => {
    it("takes one round trip to the node of the instance, and asks no member about registers", async () => {
      const spec = { id: "echo", start: () => ({ echo: (value: number) => value }) };
      const one = await start(3, { hosts: [spec] });
      await using cluster = one.cluster;
      const [first, second] = cluster.nodes;
      const key = keyFor(spec.id, [second.id, first.id, "n3"]);
      const remote = first.name(key, spec);
      assertEquals(await cluster.until(remote.echo(0)), 0);
      if (down > 0) cluster.isolate("n3");
      await cluster.time.pass(20);
      for (let value = 1; value < 10; value++) {
        const started = cluster.now;
        assertEquals(await roundsOf(one, () => remote.echo(value)), []);
        assertLessOrEqual(cluster.now - started, ROUND_TRIP);
      }
    });
  });
}
