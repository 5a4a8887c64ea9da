import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Restart } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { nextEvent } from "../support/wait.ts";
import { Counters } from "./support/counters.ts";
import { keyFor } from "./support/keys.ts";

/** Time for a new start of the cluster, a session, and two checks, in milliseconds. */
const SOON = 10_000;

/** A cluster of three that host counters; one counter runs on `host` and has counted once. */
async function counting(host: string, restart: Restart = "permanent") {
  const counters = new Counters({ restart });
  const options = { hosts: [counters.spec], sessionTtl: 1_000, clients: true };
  const cluster = await VirtualCluster.start(3, options);
  const order = [host, ...cluster.members.filter((id) => id !== host)];
  const key = keyFor("counter", order);
  const { time, nodes: [node] } = cluster;
  assertEquals(await time.until(node.name(key, counters.spec, 7).inc()), 7);
  await cluster.pass(3_000);
  return { cluster, counters, key };
}

/** Lets these nodes lose their memory at the same time, and start again. */
async function loseMemory(cluster: VirtualCluster, ...ids: string[]): Promise<void> {
  for (const id of ids) cluster.crash(id);
  await Promise.all(ids.map((id) => cluster.join(id)));
}

describe("after a majority has lost its memory", () => {
  for (const host of ["n1", "n3"]) {
    it(`an instance that ran on ${host} runs again without a call, with its arguments, since n1 knew of it`, async () => {
      const { cluster, counters, key } = await counting(host);
      await using _ = cluster;
      const { time, nodes: [node] } = cluster;
      const restarted = nextEvent(node, "restart");
      await loseMemory(cluster, "n2", "n3");
      await time.until(restarted);
      await cluster.pass(SOON);
      assertEquals(counters.contexts.length, 2);
      // Not with the arguments that other nodes give.
      const remote = cluster.node("n2").name(key, counters.spec, 99);
      assertEquals((await time.until(cluster.node("n2").lookup(remote))).ok, true);
      assertEquals(await time.until(remote.inc()), 7);
      assertEquals(counters.doubles, []);
    });
  }

  it("a transient instance that ran runs again; one that had ended by itself does not", async () => {
    const { cluster, counters, key } = await counting("n1", "transient");
    await using _ = cluster;
    const { time, nodes: [node] } = cluster;
    const other = node.name("other", counters.spec);
    await time.until(other.inc());
    await cluster.pass(3_000);
    await time.until(other.exit());
    await cluster.pass(3_000);
    const count = counters.contexts.length;
    const restarted = nextEvent(node, "restart");
    await loseMemory(cluster, "n2", "n3");
    await time.until(restarted);
    await cluster.pass(SOON);
    assertEquals(counters.contexts.slice(count).map((context) => context.key), [key]);
  });

  it("an instance that no host knew of runs again if a client has called it", async () => {
    const { cluster, counters, key } = await counting("n3");
    await using _ = cluster;
    const { time } = cluster;
    const client = await cluster.join("client", { hosts: [] });
    assertEquals(await time.until(client.name(key, counters.spec, 7).inc()), 8);
    const restarted = nextEvent(client, "restart");
    await loseMemory(cluster, "n1", "n2", "n3");
    await time.until(restarted);
    await cluster.pass(SOON);
    assertEquals(counters.contexts.length, 2);
    await time.until(client.close());
  });

  it("a singleton that was only named does not run", async () => {
    const { cluster, counters, key } = await counting("n3");
    await using _ = cluster;
    const client = await cluster.join("client", { hosts: [] });
    client.name(key, counters.spec, 7);
    const restarted = nextEvent(client, "restart");
    await cluster.pass(1_000);
    await loseMemory(cluster, "n1", "n2", "n3");
    await cluster.time.until(restarted);
    await cluster.pass(SOON);
    assertEquals(counters.contexts.length, 1);
  });
});
