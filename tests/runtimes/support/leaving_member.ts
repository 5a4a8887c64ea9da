/**
 * A thread that joins, puts and closes, and then has nothing left to do.
 *
 * @module
 */
import { join } from "../../../mod.ts";
import { broadcastChannel } from "../../../transports/broadcast_channel.ts";
import { parentThread } from "./threads.ts";

const parent = await parentThread<never, string>();
const id = await new Promise<string>((resolve) => parent.onMessage(resolve));
const node = await join({
  id,
  members: ["w1", "w2", "w3"],
  transport: broadcastChannel("leaving threads"),
  timeout: 500, // the last node has no quorum to put or to leave
});
await node.kv.put(`from ${id}`, "hello");
await node.close();
console.log(`${id}: left`);
parent.close();
