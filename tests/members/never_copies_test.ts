// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memoryStorage } from "../../lib/storage/memory.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };
const LIST = ["n1", "n2", "n3", "n4"];

/** Adds n4 for at most two minutes; returns how that ends, and what the cluster is changing then. */
async function added(cluster: VirtualCluster): Promise<unknown[]> {
  const [n1] = cluster.nodes;
  let outcome = "pending";
  n1.changeMembers(LIST).then(() => outcome = "done", (error) => outcome = error.code);
  for (let i = 0; i < 120 && outcome === "pending"; i++) await cluster.pass(1_000);
  const { change } = await cluster.time.until(n1.status());
  return [outcome, change, n1.members.length];
}

describe("a node that joins and answers, but is never done (section 11, step 4)", () => {
  it("since its storage does not open: nothing changes, and later it is added", async () => {
    await using cluster = await VirtualCluster.start(3, OPTIONS);
    let open = (): void => {};
    const memory = memoryStorage();
    const opened = new Promise<void>((resolve) => open = resolve);
    const load = () => opened.then(() => memory.load());
    const n4 = await cluster.join("n4", { storage: { ...memory, load } });
    await cluster.time.until(n4.ready);
    assertEquals(await added(cluster), ["not_ready", null, 3]);
    open();
    await cluster.pass(1_000);
    assertEquals(await added(cluster), ["done", null, 4]);
  });
});
