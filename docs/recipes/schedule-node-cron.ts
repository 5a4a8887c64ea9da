import cron, { type RunCoordinator } from "node-cron";
import { type ClusterNode, join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** Lets each moment of a `distributed` task run on one node of the cluster. */
function coordinatorOf(node: ClusterNode): RunCoordinator {
  return {
    // `key` has the name of the task and the moment, so it is the same on all nodes.
    async shouldRun(key, lease) {
      const until = Date.now() + Math.max(lease, 3_600_000); // longer than their clocks may differ
      const asked = node.kv.claim(["node-cron", key], node.id, { until });
      const claim = await asked.catch(() => null); // the node is closing
      if (claim === null) return false;
      // Without a quorum it cannot be known: node-cron skips the run, and logs the error.
      if (!claim.ok) throw new Error(claim.error);
      return claim.value.mine;
    },
  };
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const { promise, resolve } = Promise.withResolvers<string[]>();
const runs: string[] = [];
for (const node of nodes) {
  // A program has one node: it says cron.setRunCoordinator(coordinatorOf(node)) once, for all tasks.
  const options = { name: "report", distributed: true, runCoordinator: coordinatorOf(node) };
  cron.schedule("* * * * * *", ({ date }) => {
    if (runs.push(date.toISOString()) === 2) resolve(runs);
  }, options);
}
console.log(`${new Set(await promise).size} moments, ${runs.length} runs`);

await cron.shutdown(500); // milliseconds for what is under way
await Promise.all(nodes.map((node) => node.close()));
