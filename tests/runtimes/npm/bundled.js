/**
 * A program for a bundler: one node over HTTP, whose frames and values are encoded.
 *
 * @module
 */
import { join } from "@synod/synod";
import { http } from "@synod/synod/transports/http";
import { memoryNetwork } from "@synod/synod/transports/memory";

async function main() {
  const network = memoryNetwork();
  const members = ["w1", "w2", "w3"];
  const nodes = await Promise.all(
    members.map((id) =>
      join({ id, members, transport: [network.transport(), http({ insecure: true })] })
    ),
  );
  await nodes[0].kv.put("k", ["hello", 1, 2]);
  console.log(JSON.stringify(await nodes[2].kv.get("k")));
  for (const node of nodes) await node.close();
}

main();
