import { ClusterNode } from "./cluster_node.ts";
import { systemRuntime } from "../node/runtime/runtime.ts";
import { checkOptions, type JoinOptions } from "./join_options.ts";

/**
 * Joins a cluster. Resolves when the transports are open; each operation waits for a quorum itself. Resolves sooner if
 * another process has the `storage`: the node waits until that has ended, and opens its transports then.
 * Rejects with a `TypeError` that names the bad option, with the error of a transport, or as the node closes if it
 * has to close before all of them are open.
 *
 * ```ts
 * import { join } from "@synod/synod";
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const network = memoryNetwork();
 * const members = ["w1", "w2", "w3"];
 * const nodes = await Promise.all(
 *   members.map((id) => join({ id, members, transport: network.transport() })),
 * );
 * const [first, second] = await Promise.all([
 *   nodes[0].kv.put("leader", "w1"),
 *   nodes[1].kv.put("leader", "w2"),
 * ]);
 * console.log(first.ok && second.ok && first.value === second.value); // true
 * await Promise.all(nodes.map((node) => node.close()));
 * ```
 */
export async function join(options: JoinOptions): Promise<ClusterNode> {
  const settings = checkOptions(options);
  // Pages and clients, which serve no guests and have no storage, need not load these.
  const guests = settings.guests === null ? null : await import("./serving_guests.ts");
  const storage = settings.storage === null ? null : await import("../node/membership/disk_use.ts");
  const node = new ClusterNode(settings, systemRuntime(), {
    makeGateway: guests?.makeGateway ?? null,
    disks: storage?.DISK_USE ?? null,
  });
  await node.open();
  return node;
}
