/**
 * One member of the cluster of `main.ts`, in a process of its own: `member.ts ID URLS TIMEOUT`. It hosts the singletons,
 * and leaves when its standard input ends.
 *
 * @module
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { join } from "../../mod.ts";
import { webSocket } from "../../transports/websocket.ts";
import { type Peers, SECRET, Worker } from "./shared.ts";

const [id, urls] = [Deno.args[0], JSON.parse(Deno.args[1]) as Peers];
const { [id]: own, ...peers } = urls;
const transport = webSocket({ peers, secret: SECRET, upgradeWebSocket });
const app = new Hono().route("/synod", transport.routes);
const options = { hostname: "127.0.0.1", port: Number(new URL(own).port), onListen: () => {} };
const server = Deno.serve(options, app.fetch);
const node = await join({
  ...{ id, members: Object.keys(urls), transport, hosts: [Worker] },
  ...{ clients: true, timeout: Number(Deno.args[2]) },
});
await node.ready;
console.log("ready");
// Until the parent asks it to leave.
await Deno.stdin.read(new Uint8Array(1));
const begun = performance.now();
await node.close();
console.log(`left ${performance.now() - begun}`);
await server.shutdown();
