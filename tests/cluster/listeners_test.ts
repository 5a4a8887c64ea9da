/** One signal for many uses: it has one listener at most, and none afterwards. */
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ClusterNode } from "../../mod.ts";
import { startCluster } from "../support/real_cluster.ts";
import { countedSignal } from "../support/counted_signal.ts";
import { turn, within } from "../support/wait.ts";

/** More than the ten listeners above which Node warns of a leak. */
const MANY = 12;

const spec = { id: "s", start: () => ({ wait: () => new Promise<void>(() => {}) }) };

/** The functions that take a signal, and go on until it aborts. */
const USES: Readonly<Record<string, (node: ClusterNode, signal: AbortSignal) => Promise<unknown>>> =
  {
    "spawn": (node, signal) => node.spawn(() => new Promise(() => {}), { signal }).exited,
    "node.lock": (node, signal) => node.lock("held", { signal }),
    "process.lock": (node, signal) => node.spawn().lock("held", { signal }),
    "locks.request": (node, signal) => node.locks.request("held", { signal }, () => {}),
    "kv.get": (node, signal) => node.kv.get("k", { signal, noQuorum: "retry" }),
    "kv.put": (node, signal) => node.kv.put("k", 1, { signal, noQuorum: "retry" }),
    "kv.keys": (node, signal) => node.kv.keys(undefined, { signal, noQuorum: "retry" }),
    "kv.watch": async (node, signal) => {
      for await (const _ of node.kv.watch("watched", { signal }));
    },
    "call": (node, signal) =>
      node.call(node.name("x", { ...spec, concurrent: true }), "wait", [], { signal }),
  };

describe("a signal that is used a dozen times", () => {
  for (const [use, start] of Object.entries(USES)) {
    it(`of ${use} has one listener, and none after it aborted`, async () => {
      const hosts = [{ ...spec, concurrent: true }];
      await using cluster = await startCluster(3, { hosts });
      const [node, second] = cluster.nodes;
      await second.lock("held");
      // Operations that need a quorum, and would otherwise have an answer, wait.
      const waits = use.startsWith("kv.") && use !== "kv.watch";
      if (waits) cluster.isolate("n1");
      const { signal, abort, listeners, most } = countedSignal();
      const uses = Array.from({ length: MANY }, () => start(node, signal).catch(() => {}));
      await (waits ? turn() : node.locks.query());
      assertEquals([listeners(), most()], [1, 1]);
      abort("enough");
      await within(Promise.all(uses), "their ends");
      assertEquals([listeners(), most()], [0, 1]);
    });
  }

  it("nodes has one listener, and none after they were closed, or after it aborted", async () => {
    for (const end of ["close", "abort"]) {
      const { signal, abort, listeners, most } = countedSignal();
      await using cluster = await startCluster(MANY, { signal });
      assertEquals([listeners(), most()], [1, 1]);
      if (end === "abort") abort();
      await Promise.all(cluster.nodes.map((node) => node.close()));
      assertEquals([listeners(), most()], [0, 1]);
    }
  });
});
