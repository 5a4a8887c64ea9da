import { join } from "../mod.ts";
import { broadcastChannel } from "../transports/broadcast_channel.ts";
const abs = () => performance.timeOrigin + performance.now();
const log: number[][] = [];
(self as any).onmessage = async ({ data }: any) => {
  if (data.cmd === "join") {
    const inner = broadcastChannel(data.name);
    let recv = 0;
    const t = {
      open(self: string, receive: any) {
        return inner.open(self, (from: string, f: Uint8Array) => {
          recv = abs();
          receive(from, f);
          const e = abs();
          log.push([recv, e, 0]);
        });
      },
      send(to: string, f: Uint8Array) {
        inner.send(to, f);
        if (log.length && !log.at(-1)![2]) log.at(-1)![2] = abs();
      },
      close() {
        return inner.close();
      },
    };
    const node = await join({ id: data.id, members: ["m1", "m2", "m3"], transport: t } as never);
    await node.ready;
    (self as any).postMessage("ready");
  } else if (data.cmd === "log") {
    (self as any).postMessage(log);
    log.length = 0;
  }
};
