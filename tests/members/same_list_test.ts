// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { encodeConfiguration } from "../../lib/codec.ts";
import { withoutMember } from "../../lib/paxos/configuration.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("changeMembers() to the list that another caller is making (section 11)", () => {
  it("succeeds, whenever its node learns of that", async () => {
    const failed: string[] = [];
    for (let delay = 0; delay < 5; delay += 0.25) {
      await using cluster = await VirtualCluster.start(3, {
        clients: true,
        sessionTtl: 1_000,
        timeout: 1_000,
      });
      const { time, nodes: [, n2, n3] } = cluster;
      // The other caller has removed n1, which is down, and was lost before n3 had heard of it.
      cluster.isolate("n3");
      const { core, engine } = partsOf(n2);
      const next = withoutMember(engine.configuration, "n1");
      const draft = {
        present: true,
        op: core.nextOperation(),
        value: encodeConfiguration(next),
        bindings: [],
        owners: [],
      } as const;
      await time.until(
        core.proposals.change(CONFIGURATION, () => ({ draft, result: null }), core.limits()),
      );
      cluster.heal();
      cluster.crash("n1");
      await cluster.pass(1);
      const change = n3.changeMembers(["n2", "n3"], { timeout: 30_000 });
      change.catch(() => {});
      await cluster.pass(delay);
      partsOf(n3).engine.learn(next);
      await time.until(
        change.catch((error) => failed.push(`${delay} ms: ${error.code} ${error.message}`)),
      );
    }
    assertEquals(failed, []);
  });
});
