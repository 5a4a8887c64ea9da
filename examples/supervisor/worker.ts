/**
 * A worker of `main.ts`: it waits until it is the leader, and then leads until it is killed.
 *
 * @module
 */
import { join } from "../../mod.ts";
import { webSocket } from "../../transports/websocket.ts";
import { type FromWorker, MEMBER, SECRET } from "./messages.ts";

const [id, url] = Deno.args;
const tell = (message: FromWorker) => console.log(JSON.stringify(message));

const transport = webSocket({ peers: { [MEMBER]: url }, secret: SECRET });
const node = await join({ id, members: [MEMBER], transport });
await node.ready;
// The supervisor reports this life when the process has exited.
tell({ type: "life", life: node.life });
node.addEventListener("life", ({ detail }) => tell({ type: "life", life: detail.life }));

const lock = await node.lock("leader");
tell({ type: "leads", token: lock.token });
await new Promise((resolve) => lock.signal.addEventListener("abort", resolve));
