/**
 * A thread that joins, puts, closes, and has nothing left to do.
 *
 * @module
 */
import { join } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { parentThread } from "./threads.ts";

const parent = await parentThread<never, string>();
const id = await new Promise<string>((resolve) => parent.onMessage(resolve));
const node = await join({
  id,
  members: ["w1", "w2", "w3"],
  transport: broadcastChannel("leaving threads"),
  timeout: 500, // the last one has no quorum any more, neither to put nor to leave
});
await node.kv.put(`from ${id}`, "hello");
await node.close();
console.log(`${id}: left`);
parent.close();
