/**
 * A program for every runtime: members with a server each, over the transport that the first argument names (`ws` or
 * `http`). The server and the node of one of them stop in each order. It prints the times as one line of JSON, and
 * does not call exit.
 *
 * @module
 */
import { join } from "../../../mod.ts";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { SteadyClock } from "../../support/steady_clock.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../../transports/support/server.ts";

const MEMBERS = ["w1", "w2", "w3"];
const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";

/** Time after which a server counts as one that does not stop, in milliseconds. */
const PATIENCE = 8_000;

/** What the program prints: times in milliseconds, without standstills of the process; -1 if the server has not stopped. */
export interface Shutdown {
  /** `drain()` first, then the server, then the node; and whether the node worked without its server. */
  readonly drained: number;
  readonly worked: boolean;
  /** The server and the node at the same time. */
  readonly together: number;
  /** The node first, then the server. */
  readonly nodeFirst: number;
}

async function start(scheme: "ws" | "http") {
  const servers = await Promise.all(MEMBERS.map(() => TestServer.start()));
  return await Promise.all(MEMBERS.map(async (id, index) => {
    const others = MEMBERS.filter((other) => other !== id);
    const peers = Object.fromEntries(
      others.map((other) => [other, servers[MEMBERS.indexOf(other)].url(scheme)]),
    );
    const options = { peers, secret: SECRET };
    const transport = scheme === "http"
      ? http(options)
      : webSocket({ ...options, upgradeWebSocket, WebSocket: ClientWebSocket });
    servers[index].mount(transport.routes);
    const node = await join({ id, members: MEMBERS, transport });
    return { node, transport, server: servers[index] };
  }));
}

type Started = Awaited<ReturnType<typeof start>>[number];

/** Starts a cluster, and measures how long `stop` takes for its first member. */
async function measure(
  scheme: "ws" | "http",
  stop: (member: Started) => Promise<void>,
): Promise<number> {
  const [first, ...others] = await start(scheme);
  await Promise.all([first, ...others].map(({ node }) => node.ready));
  const measured = new SteadyClock().measure();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), PATIENCE);
  });
  const outcome = await Promise.race([stop(first), tooLong]);
  const steady = measured();
  const took = outcome === "late" ? -1 : steady;
  clearTimeout(timer);
  await Promise.all([first, ...others].map(({ node }) => node.close()));
  await Promise.all([first, ...others].map(({ server }) => server.close()));
  return took;
}

const [scheme] = (globalThis as { Deno?: { args: string[] } }).Deno?.args ??
  (globalThis as unknown as { process: { argv: string[] } }).process.argv.slice(2);
if (scheme !== "ws" && scheme !== "http") throw new TypeError("the argument is ws or http");

let worked = false;
const drained = await measure(scheme, async ({ node, transport, server }) => {
  await transport.drain();
  await server.stop();
  worked = (await node.kv.put("after", 1)).ok;
  await node.close();
});
const together = await measure(scheme, async ({ node, server }) => {
  const stopped = server.stop();
  await node.close();
  await stopped;
});
const nodeFirst = await measure(scheme, async ({ node, server }) => {
  await node.close();
  await server.stop();
});
const report: Shutdown = { drained, worked, together, nodeFirst };
console.log(JSON.stringify(report));
