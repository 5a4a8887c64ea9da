import { join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

let [running, most] = [0, 0];

/** At most four at a time in the whole cluster, in the order of the requests. */
async function convert(index: number) {
  const lock = await nodes[index % 3].lock("converters", { permits: 4 });
  try {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  } finally {
    await lock.release(); // after a crash it is released when the session of its node ends
  }
}

await Promise.all(Array.from({ length: 20 }, (_, index) => convert(index)));
console.log("at most", most, "at a time");

await Promise.all(nodes.map((node) => node.close()));
