import { type ClusterNode, join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** Offers `service` at `address` as long as this node lives. */
async function offer(node: ClusterNode, service: string, address: string) {
  const options = { bucket: `service ${service}`, node: node.id, noQuorum: "retry" } as const;
  await node.kv.put(node.id, address, options);
}

/** The addresses of all nodes that offer `service`, and again whenever they change. */
async function* addresses(node: ClusterNode, service: string): AsyncGenerator<string[]> {
  const found = new Map<unknown, string>();
  for await (const change of node.kv.watchAll<string>({ bucket: `service ${service}` })) {
    if (change.present) found.set(change.key, change.value);
    else found.delete(change.key);
    yield [...found.values()].sort();
  }
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const [w1, w2, w3] = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

await offer(w2, "thumbnails", "http://10.0.0.2");
let step = 0;
for await (const list of addresses(w1, "thumbnails")) {
  console.log(list.join(" "));
  step++;
  if (step === 1) await offer(w3, "thumbnails", "http://10.0.0.3");
  else if (step === 2) await w2.close(); // gone at once; after a crash, when its session ends
  else break;
}
await Promise.all([w1, w3].map((node) => node.close()));
