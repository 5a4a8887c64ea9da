/**
 * One member of a cluster that is attacked, for every runtime: `member.ts ID MEMBERS SECRET TTL`. It prints its addresses,
 * reads those of its peers from its standard input, and ends when that ends.
 *
 * @module
 */
import process from "node:process";
import { Hono } from "hono";
import { type ClusterNode, join } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { webSocket } from "../../transports/websocket.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../transports/support/server.ts";
import { CLOSED_BUCKET, SETTLED } from "./shared.ts";
import type { Addresses, Peers, State } from "./shared.ts";

/** Interval of the memory samples, in milliseconds. */
const LOOK = 20;

let peak = 0;
let lost = 0;
const look = (): number => {
  const now = process.memoryUsage().rss;
  peak = Math.max(peak, now);
  return now;
};
setInterval(look, LOOK);

const [id, members, secret, ttl] = process.argv.slice(2);
const servers = { ws: await TestServer.start(), http: await TestServer.start() };
const addresses: Addresses = { ws: servers.ws.url("ws"), http: servers.http.url("http") };
console.log(JSON.stringify(addresses));

async function stateOf(node: ClusterNode): Promise<State> {
  const settled = await node.kv.get(SETTLED);
  const status = await node.status();
  const now = look();
  const state: State = {
    memory: { now, peak },
    lost,
    hasQuorum: status.hasQuorum,
    operational: status.members.filter(({ state }) => state === "operational").length,
    settled: settled.ok ? `${settled.value}` : settled.error,
    genesis: `${status.genesis}`,
    dropped: status.frames.dropped,
  };
  peak = now;
  return state;
}

const Counter = {
  id: "counter",
  start: () => {
    let count = 0;
    return { inc: () => ++count };
  },
};

async function begin(peers: Peers): Promise<void> {
  const overWebSocket = webSocket({
    ...{ secret, upgradeWebSocket, WebSocket: ClientWebSocket },
    peers: { ...peers.ws },
  });
  const overHttp = http({ secret, peers: { ...peers.http } });
  servers.ws.mount(overWebSocket.routes);
  let node: ClusterNode | null = null;
  servers.http.mount(
    new Hono().route("/", overHttp.routes as Hono).get("/state", async (context) => {
      if (node === null) return context.text("not yet", 503);
      return context.json(await stateOf(node));
    }),
  );
  node = await join({
    ...{ id, members: members.split(","), transport: [overWebSocket, overHttp] },
    ...{ clients: true, sessionTtl: Number(ttl), hosts: [Counter] },
    guests: {
      authorize: (_, { type, bucket }) => type !== "steal" && bucket !== CLOSED_BUCKET,
    },
  });
  node.addEventListener("sessionlost", () => void lost++);
  await node.ready;
  console.log("ready");
}

let text = "";
process.stdin.on("data", (data: Uint8Array) => {
  text += new TextDecoder().decode(data);
  if (text.endsWith("\n")) begin(JSON.parse(text));
});
process.stdin.on("end", () => process.exit(0));
