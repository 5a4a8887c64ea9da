import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { assertCode, reasonOf } from "../support/expect.ts";
import { SESSION_TTL, startCounting } from "./support/lasting_counters.ts";

/** The number of registers for which the members keep state. */
async function entriesOf(node: ClusterNode): Promise<number> {
  return (await node.status()).entries;
}

describe("the states of an instance", () => {
  it("belong to one spec, one key and one name", async () => {
    await using test = await startCounting();
    const { time, node, counters, remote } = test;
    await time.until(remote.inc());
    assertEquals(await time.until(node.name("other", counters.spec).get()), 0);
    const other = await time.until(counters.contexts[0].state("other", 5));
    assertEquals(other.value, 5);
    const same = await time.until(counters.contexts[0].state("count", 7));
    assertStrictEquals<unknown>(same, counters.states[0]);
  });

  it("are removed by exit with forget, and leaves nothing", async () => {
    await using test = await startCounting();
    const { time, cluster, remote, node, counters } = test;
    await time.until(remote.inc());
    await time.until(counters.contexts[0].state("other", "x"));
    await cluster.pass(2 * SESSION_TTL);
    // The register of the singleton, and two states.
    const entries = await time.until(entriesOf(cluster.host("n1")));
    await time.until(counters.contexts[0].exit(undefined, { forget: true }));
    await cluster.pass(10 * SESSION_TTL);
    assertEquals(await time.until(entriesOf(cluster.host("n1"))), entries - 3);
    assertEquals(await time.until(node.name(test.key, counters.spec).inc()), 1);
  });

  it("are removed by exit with forget also while they are being opened", async () => {
    await using test = await startCounting();
    const { time, remote, node, counters } = test;
    await time.until(remote.inc());
    // The next host has no promise for the state that serves at once.
    await time.until(test.cluster.host("n3").close());
    let ended: Promise<void> | undefined;
    counters.early = (context) => {
      // Its start opens the state in the same turn.
      queueMicrotask(() => ended = context.exit(new RangeError("no"), { forget: true }));
    };
    const failed = await time.until(reasonOf(node.name(test.key, counters.spec).get()));
    assertEquals(String(failed), "RangeError: no");
    await time.until(Promise.resolve(ended));
    assertEquals(await time.until(node.name(test.key, counters.spec).inc()), 1);
  });

  it("are removed by exit with forget also if they could not be opened", async () => {
    await using test = await startCounting();
    const { time, cluster, remote, node, counters } = test;
    await time.until(remote.inc());
    await time.until(remote.exit());
    await time.until(remote.get());
    const [, context] = counters.contexts;
    cluster.isolate("n3");
    void context.state("late", 0).catch(() => {});
    await cluster.pass(SESSION_TTL / 4);
    const ended = context.exit(undefined, { forget: true });
    cluster.heal();
    await time.until(ended);
    await cluster.pass(10 * SESSION_TTL);
    // Not even the register of the singleton is left.
    assertEquals(await time.until(entriesOf(cluster.host("n1"))), 0);
    assertEquals(await time.until(node.name(test.key, counters.spec).inc()), 1);
  });

  it("may be left if the session ends before: then exit rejects, and the instance ends as ever", async () => {
    await using test = await startCounting();
    const { time, cluster, remote, counters } = test;
    await time.until(remote.inc());
    cluster.isolate("n3");
    const ended = counters.contexts[0].exit(undefined, { forget: true });
    await cluster.pass(2 * SESSION_TTL);
    await assertCode(time.until(ended), "session_lost");
    const again = counters.contexts[0].exit(undefined, { forget: true });
    await assertCode(time.until(again), "session_lost");
    assertEquals(await time.until(remote.inc()), 2);
  });

  it("concern no exit without forget, which does not wait for what another one forgets", async () => {
    await using test = await startCounting();
    const { time, cluster, remote, counters: { contexts: [context] } } = test;
    await time.until(remote.inc());
    cluster.isolate("n3");
    const forgotten = context.exit(undefined, { forget: true });
    // An instance may have two ways to its end, and wait for neither: a rejection would end the program.
    const ended = context.exit().then(() => "ended", String);
    await cluster.pass(2 * SESSION_TTL);
    await assertCode(time.until(forgotten), "session_lost");
    assertEquals(await time.until(ended), "ended");
  });

  it("stay if only another instance forgets its own", async () => {
    await using test = await startCounting();
    const { time, node, counters, remote } = test;
    await time.until(remote.inc());
    const other = node.name("other", counters.spec);
    await time.until(other.inc());
    await time.until(other.exit(true));
    await time.until(remote.exit());
    assertEquals(await time.until(remote.get()), 1);
  });

  it("have names of 1 to 200 characters, and exit takes one option", async () => {
    await using test = await startCounting();
    const { time, counters: { contexts: [context] } } = test;
    for (const name of ["", "x".repeat(201), "\ud800", 1, undefined]) {
      const error = await time.until(reasonOf(context.state(name as string, 0)));
      assert(error instanceof TypeError && error.message.startsWith("state: name must be"));
    }
    const options = { forgets: true } as object;
    const error = await time.until(reasonOf(context.exit(undefined, options)));
    assertEquals(String(error), "TypeError: exit: unknown option forgets; did you mean forget?");
    const wrong = { forget: 1 as unknown as boolean };
    assert(await time.until(reasonOf(context.exit(undefined, wrong))) instanceof TypeError);
    assert(!context.signal.aborted);
  });
});
