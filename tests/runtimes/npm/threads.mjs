/**
 * A JavaScript program of a user of the npm package: three threads over BroadcastChannel, for Node and
 * Bun. It does not call exit.
 *
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { join } from "@synod/synod";
import { broadcastChannel } from "@synod/synod/transports/broadcast-channel";

const members = ["w1", "w2", "w3"];

if (isMainThread) {
  const threads = members.map((id) => new Worker(new URL(import.meta.url), { workerData: id }));
  const answers = threads.map((thread) =>
    new Promise((resolve, reject) => {
      thread.once("message", resolve);
      thread.once("error", reject);
    })
  );
  console.log(JSON.stringify(await Promise.all(answers)));
  // All threads have finished their work with each other.
  for (const thread of threads) thread.postMessage("close");
} else {
  const node = await join({
    id: workerData,
    members,
    transport: broadcastChannel("npm package"),
    timeout: 10_000,
  });
  const put = await node.kv.put("leader", node.id);
  const lock = await node.lock("turn");
  await lock.release();
  parentPort.once("message", () => node.close());
  parentPort.postMessage({ leader: put.value, token: lock.token });
}
