// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type ClusterNode, partsOf } from "../../lib/cluster/cluster_node.ts";
import { encodeConfiguration } from "../../lib/codec.ts";
import { withoutMember } from "../../lib/paxos/configuration.ts";
import { CONFIGURATION } from "../../lib/paxos/register.ts";
import { life } from "../support/scripted_node.ts";
import { assertCode } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const OPTIONS = { clients: true, sessionTtl: 1_000, timeout: 1_000 };
const FIRST = ["n1", "n2", "n3"];

/** A cluster that has chosen the list without n3, whose caller was lost before any node had learned of that. */
async function begin(): Promise<VirtualCluster> {
  const cluster = await VirtualCluster.start(3, OPTIONS);
  const { core, engine } = partsOf(cluster.node("n1"));
  const draft = {
    present: true,
    op: core.nextOperation(),
    value: encodeConfiguration(withoutMember(engine.configuration, "n3")),
    bindings: [],
    owners: [],
  } as const;
  await cluster.time.until(
    core.proposals.change(CONFIGURATION, () => ({ draft, result: null }), core.limits()),
  );
  assertEquals(engine.configuration.epoch, 0);
  return cluster;
}

/** Has `happens` come after the first read of a node, in the same turn. */
function afterRead(node: ClusterNode, happens: () => void): void {
  const { core } = partsOf(node);
  const read = core.reads.read.bind(core.reads);
  core.reads.read = async (...args) => {
    const found = await read(...args);
    core.reads.read = read;
    happens();
    return found;
  };
}

describe("changeMembers() by a node that does not know the cluster yet (section 11)", () => {
  it("does not take the first list for the present one when another one is chosen", async () => {
    await using cluster = await begin();
    const { time } = cluster;
    const n4 = await cluster.join("n4");
    assertEquals(partsOf(n4).core.record, null);
    const change = n4.changeMembers(FIRST, { timeout: 20_000 });
    const { members } = await time.until(assertCode(change, "members_changing"));
    assertEquals(members, ["n1", "n2"]);
  });
});

describe("changeMembers() by a node that has read the list of a genesis that it leaves then (section 11)", () => {
  it("does not take the list that it was given for the present one", async () => {
    await using cluster = await begin();
    const n4 = await cluster.join("n4");
    await cluster.time.until(n4.ready);
    const { engine } = partsOf(n4);
    afterRead(n4, () => engine.forget(life(4)));
    const change = n4.changeMembers(FIRST, { timeout: 20_000 });
    const outcomes = await cluster.time.until(Promise.allSettled([change]));
    assertEquals(outcomes.map(({ status }) => status), ["rejected"]);
  });

  it("does not follow it under the next genesis", async () => {
    await using cluster = await begin();
    const n4 = await cluster.join("n4");
    assertEquals(partsOf(n4).core.record, null);
    const { core, engine } = partsOf(n4);
    const lost = new Error("the genesis is lost");
    afterRead(n4, () => {
      assert(core.record !== null);
      engine.enter({ ...core.record, id: "h", lives: [2, 2, 2].map(life) });
      engine.endOperations(lost as never);
    });
    const change = n4.changeMembers(FIRST, { timeout: 20_000 });
    const outcomes = await cluster.time.until(Promise.allSettled([change]));
    assertEquals(outcomes, [{ status: "rejected", reason: lost }]);
    assertEquals([core.record?.id, engine.configuration.epoch], ["h", 0]);
  });
});
