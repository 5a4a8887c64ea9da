import { type ClusterNode, join, type Key } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** The value of a key, as soon as it has one. */
async function valueOf<T>(node: ClusterNode, key: Key, signal?: AbortSignal): Promise<T> {
  for await (const change of node.kv.watch<T>(key, { signal })) {
    if (change.present) return change.value;
  }
  throw new Error("the node was closed");
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const [w1, w2, w3] = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const waiting = [w1, w2].map((node) => valueOf(node, "config", AbortSignal.timeout(30_000)));
await w3.kv.put("config", { workers: 4 });
console.log(await Promise.all(waiting));

await Promise.all([w1, w2, w3].map((node) => node.close()));
