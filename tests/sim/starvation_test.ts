import { describe, it } from "@std/testing/bdd";
import { assert, assertGreater, assertLess } from "@std/assert";
import { CalmCluster, ROUND_TRIP } from "./calm_cluster.ts";
import type { Station } from "./simulated_cluster.ts";

/**
 * By the number of nodes: the longest wait for a lock that all of them take and release without a pause, in
 * milliseconds of virtual time. The fourth node is a client, without an acceptor that shows it its rivals.
 */
const LONGEST_WAIT: Readonly<Record<number, number>> = {
  2: 24 * ROUND_TRIP,
  3: 40 * ROUND_TRIP,
  4: 60 * ROUND_TRIP,
};

/** Takes and releases one lock without a pause, `count` times in all; returns the longest wait of each node. */
async function contend(calm: CalmCluster, stations: readonly Station[], count: number) {
  const longest = new Map<string, number>(stations.map(({ name }) => [name, 0]));
  const times = new Map<string, number>();
  let left = count;
  const users = stations.map(async ({ name, node }) => {
    while (left > 0) {
      const begun = calm.simulation.time;
      const lock = await node!.lock("hot");
      left--;
      times.set(name, (times.get(name) ?? 0) + 1);
      longest.set(name, Math.max(longest.get(name)!, calm.simulation.time - begun));
      await lock.release();
    }
  });
  // Those that wait at the end are served, too.
  assert((await calm.measure(Promise.all(users))).took > 0);
  return { longest: Math.max(...longest.values()), times };
}

describe("a lock that every node takes and releases without a pause", () => {
  for (const users of [2, 3, 4]) {
    it(`keeps none of ${users} nodes waiting for long`, async () => {
      for (let run = 0; run < 2; run++) {
        const calm = new CalmCluster(`hot ${users} ${run}`, 5_000, 0.3);
        const stations = await calm.start();
        const { longest, times } = await contend(calm, stations.slice(0, users), 200);
        assertLess(longest, LONGEST_WAIT[users], `run ${run}`);
        for (const { name } of stations.slice(0, users)) {
          assertGreater(times.get(name) ?? 0, 200 / users / 3, `run ${run}: ${name}`);
        }
      }
    });
  }
});
