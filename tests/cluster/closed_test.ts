// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../../mod.ts";
import { Cluster } from "../support/real_cluster.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";
import { eventually } from "../support/wait.ts";

describe("closed", () => {
  it("resolves with null after close(), with no event and at the end of each watch", async () => {
    await using cluster = await VirtualCluster.start(3);
    const node = cluster.node("n1");
    const events: string[] = [];
    for (const type of ["noquorum", "sessionlost"] as const) {
      node.addEventListener(type, () => events.push(type));
    }
    const watch = node.kv.watch("key")[Symbol.asyncIterator]();
    await cluster.time.until(watch.next());
    const next = watch.next();
    await cluster.time.until(node.close());
    assertEquals(await node.closed, { reason: null });
    assertEquals([await next, events], [{ done: true, value: undefined }, []]);
  });

  it("resolves with `replaced` for a node whose place is taken: it loses its session, and watches throw", async () => {
    await using cluster = await VirtualCluster.start(3);
    const node = cluster.node("n1");
    const events: string[] = [];
    node.addEventListener("noquorum", () => events.push("noquorum"));
    node.addEventListener("sessionlost", ({ detail }) => events.push(detail.session));
    const { session } = await cluster.time.until(node.status());
    const [first, second, idle] = ["key", "key", "other"].map((key) =>
      node.kv.watch(key)[Symbol.asyncIterator]()
    );
    for (const watch of [first, second, idle]) await cluster.time.until(watch.next());
    const waiting = [first, second].map((watch) => watch.next().catch((error: unknown) => error));
    const later = await cluster.join("n1");
    await cluster.time.until(later.ready);
    const { reason } = await cluster.time.until(node.closed);
    assertInstanceOf(reason, SynodError);
    assertEquals(reason.code, "replaced");
    assertEquals(events, [session?.id, "noquorum"]);
    for (const error of await Promise.all(waiting)) assertEquals(error, reason);
    // One that is not waiting meets the error with its next step, and has ended then.
    assertEquals(await idle.next().catch((error: unknown) => error), reason);
    assertEquals(await idle.next(), { done: true, value: undefined });
    assertEquals(node.hasQuorum, false);
    await node.close();
  });
});

describe("status() of a cluster that begins", () => {
  it("tells that a cluster with clients grants no sessions in its first maxSessionTtl", async () => {
    await using cluster = new Cluster(1, { clients: true, maxSessionTtl: 3_000 });
    const member = await cluster.join("n1");
    const client = await cluster.join("client");
    for (const node of [member, client]) {
      let waitingFor: string[] = [];
      await eventually(async () => {
        ({ waitingFor } = await node.status());
        return /in its first 3000 ms a cluster with clients grants no/.test(waitingFor[0] ?? "");
      }, `waitingFor of ${node.id}`);
      assertEquals(waitingFor.length, 1);
      assertMatch(waitingFor[0], /about \d+ ms left/);
    }
    await Promise.all([member.ready, client.ready]);
    const statuses = await Promise.all([member.status(), client.status()]);
    assertEquals(statuses.map(({ waitingFor }) => waitingFor), [[], []]);
    assertEquals(statuses[0].genesis, statuses[1].genesis);
    assertEquals(typeof statuses[0].genesis, "string");
  });
});
