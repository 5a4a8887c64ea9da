import { join } from "../mod.ts";
import { memoryNetwork } from "../transports/memory.ts";
import { Floor, openEcho } from "./floor.ts";
import { FrameMeter } from "./frame_meter.ts";
import { MEMBERS, OPTIONS, type Setting } from "./setting.ts";
import { LocalWaiter } from "./waiter.ts";

/** All three members in this thread. */
export async function overMemory(): Promise<Setting> {
  const [self, ...peers] = MEMBERS;
  const network = memoryNetwork();
  const meter = new FrameMeter(network.transport(), peers[0]);
  const nodes = await Promise.all([
    join({ ...OPTIONS, id: self, transport: meter }),
    ...peers.map((id) => join({ ...OPTIONS, id, transport: network.transport() })),
  ]);
  await Promise.all(nodes.map((node) => node.ready));

  const bare = memoryNetwork();
  const echoes = peers.map(() => bare.transport());
  await Promise.all(echoes.map((echo, index) => openEcho(echo, peers[index])));
  const floor = new Floor(bare.transport(), peers);
  await floor.open(self);
  const contenders = nodes.map((node) => new LocalWaiter(node));
  return {
    name: "memory",
    node: nodes[0],
    meter,
    floor,
    waiter: contenders[1],
    contenders,
    async close() {
      await Promise.all(nodes.map((node) => node.close()));
      await Promise.all([floor, ...echoes].map((one) => one.close()));
    },
  };
}
