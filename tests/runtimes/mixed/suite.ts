import { afterAll, beforeAll, describe } from "@std/testing/bdd";
import type { Runtime } from "../../../tasks/suites.ts";
import { MixedCluster } from "./mixed_cluster.ts";
import type { Connection } from "./commands.ts";
import { cutSuite, type Faults } from "./cut_suite.ts";
import { kvSuite } from "./kv_suite.ts";
import { endSuite, leavingSuite } from "./leaving_suite.ts";
import { lockSuite } from "./lock_suite.ts";
import { lossSuite } from "./loss_suite.ts";
import { singletonSuite } from "./singleton_suite.ts";
import { valuesSuite } from "./values_suite.ts";
import { webLocksSuite } from "./web_locks_suite.ts";

/** All suites for a cluster of one Deno, one Node and one Bun process, over one transport. */
export function mixedSuite(
  connection: Connection,
  { faults, leaving }: { faults: Faults; leaving: readonly Runtime[] },
): void {
  describe(`Deno, Node and Bun in one cluster over ${connection}()`, () => {
    let started: MixedCluster;
    const cluster = () => started;

    beforeAll(async () => {
      started = await MixedCluster.start(connection);
    });
    afterAll(() => started?.stop());

    kvSuite(cluster);
    valuesSuite(cluster);
    lockSuite(cluster);
    webLocksSuite(cluster);
    singletonSuite(cluster);
    cutSuite(cluster, faults);
    leavingSuite(cluster, leaving[0]);
    lossSuite(cluster);
    endSuite(cluster, leaving);
  });
}
