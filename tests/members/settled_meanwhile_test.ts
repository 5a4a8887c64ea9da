// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { encodeConfiguration } from "../../lib/codec.ts";
import { settledOf, withoutMember } from "../../lib/paxos/configuration.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

describe("changeMembers() while a change is being settled (section 11)", () => {
  it("gives no InvariantError, whenever the node learns of it", async () => {
    const errors: unknown[] = [];
    for (let ticks = 0; ticks < 12; ticks++) {
      await using cluster = await VirtualCluster.start(3, {
        clients: true,
        sessionTtl: 1_000,
        timeout: 1_000,
      });
      const { time, nodes: [n1] } = cluster;
      const { core, engine } = partsOf(n1);
      // Another caller is lost after it has removed n3.
      const next = withoutMember(engine.configuration, "n3");
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
      const read = core.reads.read.bind(core.reads);
      let isFirst = true;
      core.reads.read = async (...args) => {
        const found = await read(...args);
        if (isFirst) {
          isFirst = false;
          // The settled one is learned from a frame, `ticks` microtasks later.
          let left = ticks;
          const step = () => left-- > 0 ? queueMicrotask(step) : engine.learn(settledOf(next));
          queueMicrotask(step);
        }
        return found;
      };
      const change = n1.changeMembers(["n1", "n2"], { timeout: 20_000 });
      await time.until(change.catch((error) => {
        if (error.name !== "TimeoutError") errors.push(`${ticks}: ${error.name} ${error.message}`);
      }));
    }
    assertEquals(errors, []);
  });
});
