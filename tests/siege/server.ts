/**
 * The only member of a cluster, for every runtime, with one server for each transport. Its argument is
 * the secret. It prints its addresses, and ends when its standard input ends, so it never outlives the
 * process that started it.
 *
 * @module
 */
import process from "node:process";
import { Hono } from "hono";
import { join } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { webSocket } from "../../transports/websocket.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../transports/support/server.ts";

/** Its addresses, as it prints them. */
export interface Addresses {
  readonly ws: string;
  readonly http: string;
}

/** Its memory, in bytes: now, and the peak since the last request. */
export interface Memory {
  readonly now: number;
  readonly peak: number;
}

/** Interval of the memory samples, in milliseconds. */
const LOOK = 20;

let peak = 0;
const look = (): number => {
  const now = process.memoryUsage().rss;
  peak = Math.max(peak, now);
  return now;
};
setInterval(look, LOOK);

const secret = process.argv[2];
const overWebSocket = webSocket({ secret, upgradeWebSocket, WebSocket: ClientWebSocket });
const overHttp = http({ secret });
const servers = { ws: await TestServer.start(), http: await TestServer.start() };
servers.ws.mount(overWebSocket.routes);
servers.http.mount(
  new Hono().route("/", overHttp.routes as Hono).get("/memory", (context) => {
    const now = look();
    const memory: Memory = { now, peak };
    peak = now;
    return context.json(memory);
  }),
);
const node = await join({
  id: "server",
  members: ["server"],
  transport: [overWebSocket, overHttp],
  clients: true,
  sessionTtl: 5000,
});
await node.ready;

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
const addresses: Addresses = { ws: servers.ws.url("ws"), http: servers.http.url("http") };
console.log(JSON.stringify(addresses));
