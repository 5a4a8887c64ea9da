import { type ClusterNode, join, type Process } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** Resolves when `count` processes have arrived and all of them still run. */
async function arrive(self: Process, node: ClusterNode, name: string, count: number) {
  // Each arrival lasts as long as its process, and "open" for good.
  await self.kv.put(["arrived", self.pid], null, { bucket: name, pid: self, noQuorum: "retry" });
  for await (const change of node.kv.watchAll({ bucket: name, signal: self.signal })) {
    if (change.key === "open") return;
    const keys = await node.kv.keys(name, { noQuorum: "retry" });
    if (keys.filter(Array.isArray).length >= count) {
      await node.kv.put("open", true, { bucket: name });
    }
  }
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

let passed = 0;
const all = nodes.map((node) => {
  return node.spawn(async (self) => {
    await arrive(self, node, "barrier of step 2", 3);
    passed++;
    return self.pid.node;
  });
});
console.log((await Promise.all(all.map(({ result }) => result))).join(" "), "have passed:", passed);

await Promise.all(nodes.map((node) => node.close()));
