import { type ClusterNode, join, type Lock } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** As `redlock.using`: runs `routine` with the lock, and releases it however that ends. */
async function using<T>(
  node: ClusterNode,
  resource: string,
  timeout: number,
  routine: (signal: AbortSignal, lock: Lock) => Promise<T>,
): Promise<T> {
  const lock = await node.lock(resource, { timeout }); // waits its turn: no retries, no jitter
  try {
    return await routine(lock.signal, lock); // no extension: it is kept as long as the node lives
  } finally {
    await lock.release();
  }
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const tokens: number[] = [];
await Promise.all(
  nodes.map((node) =>
    using(node, "account/ada", 30_000, async (signal, { token }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      signal.throwIfAborted(); // it was lost: write nothing more
      tokens.push(token); // goes with each write: see fenced writes
    })
  ),
);
console.log("tokens grow:", tokens[0] < tokens[1] && tokens[1] < tokens[2]);

await Promise.all(nodes.map((node) => node.close()));
