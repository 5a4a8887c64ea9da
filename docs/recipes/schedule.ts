import { Cron } from "croner";
import { type ClusterNode, join, SynodError } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** Tells of a job that failed; not that a node was closed meanwhile. */
function report(error: unknown) {
  if (!(error instanceof SynodError && error.code === "closed")) console.error(error);
}

/** Runs `job` at these times, each time on one node of the cluster only. */
function schedule(node: ClusterNode, name: string, pattern: string, job: (at: string) => void) {
  return new Cron(pattern, { timezone: "UTC", catch: report }, async (cron) => {
    // All nodes name the same moment, whatever their clocks say within that second.
    const moment = cron.currentRun()!.toISOString().slice(0, 19);
    const until = Date.now() + 3_600_000; // longer than their clocks may differ
    const claim = await node.kv.claim([name, moment], node.id, { until });
    if (claim.ok && claim.value.mine) job(moment);
  });
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const { promise, resolve } = Promise.withResolvers<string[]>();
const runs: string[] = [];
const every = "* * * * * *"; // each second; "0 3 * * *" is every night at three
const crons = nodes.map((node) =>
  schedule(node, "report", every, (moment) => {
    if (runs.push(moment) === 2) resolve(runs);
  })
);
console.log(`${new Set(await promise).size} moments, ${runs.length} runs`);

for (const cron of crons) cron.stop();
await Promise.all(nodes.map((node) => node.close()));
