import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ChildSpec, ClusterNode } from "../../mod.ts";
import { reasonOf } from "../support/expect.ts";
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

  it("are removed by it also if they were only begun to be opened", async () => {
    await using test = await startCounting();
    const { time, remote, node, counters } = test;
    await time.until(remote.inc());
    await time.until(remote.exit());
    const early: ChildSpec<{ ok(): void }, []> = {
      id: counters.spec.id,
      start: (context) => {
        context.state("count", 0).catch(() => {});
        void context.exit(new RangeError("no"), { forget: true });
        return { ok: () => {} };
      },
    };
    // The spec is the same on every node: here its start is another one for once.
    const { start } = counters.spec;
    (counters.spec as { start: unknown }).start = early.start;
    await time.until(reasonOf(node.name(test.key, early).ok()));
    (counters.spec as { start: unknown }).start = start;
    assertEquals(await time.until(remote.inc()), 1);
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
