/**
 * One member of the cluster that `main.ts` shows: it takes locks, sets keys, changes cells and calls singletons, without
 * end.
 *
 * @module
 */
import { type ClusterNode, join, singleton, type Transport } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import type { Order } from "./main.ts";

const Counter = singleton({
  id: "counter",
  start: async (context) => {
    // The next host of the counter goes on with it.
    const count = await context.state("count", 0);
    return {
      inc: async () => {
        await sleep(200 + 800 * Math.random());
        await count.update((n) => n + 1);
      },
    };
  },
});

const sleep = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
const oneOf = <T>(all: readonly T[]): T => all[Math.floor(all.length * Math.random())];

/** Until when frames are lost, in both directions, in milliseconds since 1970. */
let cutUntil = 0;

/** A transport that loses everything while the node is cut off. */
function cuttable(transport: Transport): Transport {
  const isCut = () => Date.now() < cutUntil;
  return {
    open: (self, receive, report, user) =>
      transport.open(
        self,
        (from, frame) => isCut() ? undefined : receive(from, frame),
        report,
        user,
      ),
    send: (to, frame) => isCut() || transport.send(to, frame),
    close: () => transport.close(),
  };
}

async function takeLocks(node: ClusterNode): Promise<void> {
  for (;;) {
    const key = `orders/${1 + Math.floor(8 * Math.random())}`;
    const label = oneOf(["nightly report", "checkout", "import of prices", "mail"]);
    const lock = await node.lock(key, { label }).catch(() => null);
    await sleep(3_000 * Math.random());
    await lock?.release();
  }
}

async function setKeys(node: ClusterNode): Promise<void> {
  for (let number = 1;; number++) {
    const until = Date.now() + 60_000;
    const bucket = oneOf(["jobs", "prices", undefined]);
    await node.kv.put(`${node.id}/${number}`, { by: node.id, number }, { until, bucket });
    await sleep(1_000 * Math.random());
  }
}

async function changeCells(node: ClusterNode): Promise<void> {
  for (;;) {
    const stock = node.cell<{ left: number; by: string }>(
      oneOf(["stock of pears", "stock of plums"]),
    );
    await stock.update((now) => ({ left: ((now?.left ?? 0) + 99) % 100, by: node.id })).catch(
      () => {},
    );
    await sleep(2_000 * Math.random());
  }
}

async function call(node: ClusterNode): Promise<void> {
  for (;;) {
    await node.name(oneOf(["apple", "pear", "plum"]), Counter).inc().catch(() => {});
    await sleep(300 * Math.random());
  }
}

self.onmessage = async ({ data: order }: MessageEvent<Order>) => {
  switch (order.do) {
    case "pause":
      // Nothing runs in this thread meanwhile, as if its process were stopped.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.time);
      return;
    case "cut":
      cutUntil = Date.now() + order.time;
      return;
    case "join": {
      const transport = cuttable(broadcastChannel(order.channel, { locks: false }));
      const { id, members } = order;
      const node = await join({ id, members, transport, sessionTtl: 3_000, hosts: [Counter] });
      void setKeys(node);
      void changeCells(node);
      void call(node);
      for (let i = 0; i < 3; i++) void takeLocks(node);
    }
  }
};
