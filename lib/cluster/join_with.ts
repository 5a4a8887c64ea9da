import { DISK_USE } from "../node/membership/disk_use.ts";
import type { Runtime } from "../node/runtime/runtime.ts";
import { ClusterNode } from "./cluster_node.ts";
import { checkOptions, type JoinOptions } from "./join_options.ts";
import type { LaterParts } from "./later_parts.ts";
import { makeGateway } from "./serving_guests.ts";

const LATER: LaterParts = { makeGateway, disks: DISK_USE };

/**
 * Joins with another runtime, such as a simulation's clock, timers and randomness. As `join`, but it loads nothing later:
 * that would take real time.
 */
export async function joinWith(options: JoinOptions, runtime: Runtime): Promise<ClusterNode> {
  const node = new ClusterNode(checkOptions(options), runtime, LATER);
  await node.open();
  return node;
}
