/**
 * The process of a member that serves guests over WebSocket. It prints the port on which it listens, reads the
 * addresses of all members as a line of JSON, joins, and prints `ready`. Its arguments are its id and its port, which
 * is 0 for a free one.
 *
 * @module
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { join } from "../../../mod.ts";
import { webSocket } from "../../../transports/websocket.ts";

const [id, port] = Deno.args;
const app = new Hono();
const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(port), onListen: () => {} },
  (request) => app.fetch(request),
);
console.log(server.addr.port);
let text = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  text += chunk;
  if (text.includes("\n")) break;
}
const { secret, urls } = JSON.parse(text) as { secret: string; urls: Record<string, string> };
const { [id]: _, ...peers } = urls;
const transport = webSocket({ secret, peers, upgradeWebSocket });
app.route("/synod", transport.routes);
const node = await join({ id, members: Object.keys(urls), transport, clients: true, guests: {} });
await node.ready;
console.log("ready");
