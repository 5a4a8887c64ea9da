import { type ClusterNode, join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** Leads whenever it is this node's turn; `lead` has to return soon after its signal has aborted. */
function stand(node: ClusterNode, lead: (signal: AbortSignal, token: number) => Promise<void>) {
  return node.spawn(async (self) => {
    while (!self.signal.aborted) {
      const lock = await self.lock("leader"); // first come, first served
      try {
        await lead(lock.signal, lock.token); // the token fences what the leader writes
      } finally {
        await lock.release(); // the next one in the queue leads at once
      }
    }
  });
}

let leaders = 0;
const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
for (const id of members) {
  const node = await join({ id, members, transport: network.transport() });
  const leading = stand(node, async (signal) => {
    console.log(`one of the nodes leads; leaders at once: ${++leaders}`);
    setTimeout(() => node.close(), 50); // a new version is deployed
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    leaders--;
  });
  leading.result.catch(() => {}); // its node was closed
}
