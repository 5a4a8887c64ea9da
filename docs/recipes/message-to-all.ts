import { type ClusterNode, join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** How long a message waits for nodes that are cut off, or that start. */
const LIFETIME = 60_000;

/** Sends `message` to every node that listens to `topic`. */
async function send(node: ClusterNode, topic: string, message: unknown) {
  const until = Date.now() + LIFETIME;
  await node.kv.put(crypto.randomUUID(), message, { bucket: topic, until, noQuorum: "retry" });
}

/** The messages to `topic` of the last minute, and then each new one: once, in no particular order. */
async function* messages(node: ClusterNode, topic: string): AsyncGenerator<unknown> {
  for await (const change of node.kv.watchAll({ bucket: topic })) {
    if (change.present) yield change.value;
  }
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const received = nodes.map(async (node) => {
  for await (const message of messages(node, "caches")) return `${node.id}: ${message}`;
});
await send(nodes[0], "caches", "clear");
console.log((await Promise.all(received)).join("\n"));

await Promise.all(nodes.map((node) => node.close()));
