// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../../lib/cluster/cluster_node.ts";
import { encodeConfiguration, readConfiguration } from "../../../lib/codec.ts";
import { withoutMember } from "../../../lib/paxos/configuration.ts";
import { identity } from "../../../lib/paxos/kv_register.ts";
import { CONFIGURATION } from "../../../lib/paxos/register.ts";
import { VirtualCluster } from "../../support/virtual_cluster.ts";

describe("RunningChange (section 11)", () => {
  it("replaces no other configuration than the one that it was made for, and follows what it finds", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, sessionTtl: 1_000 });
    const { time, nodes: [n1, n2] } = cluster;
    const { core, engine } = partsOf(n1);
    // A node that is lost before it tells another one has removed n3.
    const next = withoutMember(engine.configuration, "n3");
    const value = encodeConfiguration(next);
    const op = core.nextOperation();
    const draft = { present: true, op, value, bindings: [], owners: [] } as const;
    await time.until(
      core.proposals.change(CONFIGURATION, () => ({ draft, result: null }), core.limits()),
    );
    assertEquals(engine.configuration.epoch, 0);
    const { outcome } = partsOf(n2).changes.run({ remove: "n1" }, 1_000);
    assertEquals(await time.until(outcome), "overtaken");
    assertEquals(partsOf(n2).engine.configuration, next);
    const { state } = await time.until(partsOf(n2).core.reads.read(CONFIGURATION, core.limits()));
    assertEquals(state && readConfiguration(state)?.epoch, 1);
    // The members finish what was begun.
    await cluster.pass(10_000);
    assertEquals([n1.members, n2.members], [["n1", "n2"], ["n1", "n2"]]);
    assertEquals(partsOf(n1).engine.configuration.settled, true);
  });

  it("goes on if another change of its node is made in the same round", async () => {
    await using cluster = await VirtualCluster.start(3, { clients: true, sessionTtl: 1_000 });
    const { time, nodes: [n1] } = cluster;
    const { core, changes } = partsOf(n1);
    const running = [0, 1].map(() => changes.run({ remove: "n3" }, 10_000).outcome);
    // What is under way makes both wait for the same round.
    const isMade = () => partsOf(n1).engine.configuration.epoch > 0;
    while (!isMade()) {
      core.proposals.change(CONFIGURATION, identity, core.limits()).catch(() => {});
      await cluster.pass(1);
    }
    assertEquals(await time.until(Promise.all(running)), ["done", "done"]);
    assertEquals(n1.members, ["n1", "n2"]);
  });
});
