import { join } from "../mod.ts";
import { broadcastChannel } from "../transports/broadcast_channel.ts";
import { Floor } from "./floor.ts";
import { FrameMeter } from "./frame_meter.ts";
import type { Outcome } from "./member.ts";
import { Peer } from "./peer.ts";
import type { WorkerSetup } from "./peer_worker.ts";
import { MEMBERS, OPTIONS, type Setting } from "./setting.ts";
import { LocalWaiter } from "./waiter.ts";

/** The first member in this thread, each of the others in its own worker. */
export async function overBroadcastChannel(): Promise<Setting> {
  const [self, ...ids] = MEMBERS;
  const cluster = `bench ${crypto.randomUUID()}`;
  const bare = `${cluster}, bare`;
  const workers = ids.map(() =>
    new Worker(new URL("./peer_worker.ts", import.meta.url), { type: "module" })
  );
  const peers = workers.map(peerIn);
  const joined = peers.map((peer, index) => peer.join({ id: ids[index], cluster, bare }));
  const meter = new FrameMeter(broadcastChannel(cluster), ids[0]);
  const node = await join({ ...OPTIONS, id: self, transport: meter });
  await Promise.all([...joined, node.ready]);
  const floor = new Floor(broadcastChannel(bare), ids);
  await floor.open(self);
  return {
    name: "BroadcastChannel",
    node,
    meter,
    floor,
    waiter: peers[0],
    contenders: [new LocalWaiter(node), ...peers],
    async close() {
      await Promise.all([node.close(), ...peers.map((peer) => peer.close())]);
      await floor.close();
      for (const worker of workers) worker.terminate();
    },
  };
}

function peerIn(worker: Worker): Peer<WorkerSetup> {
  return new Peer((command) =>
    new Promise((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
      worker.postMessage(command);
    })
  );
}
