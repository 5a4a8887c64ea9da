/**
 * What the instances have in common, whatever they run in.
 *
 * @module
 */
import process from "node:process";
import type { Hono } from "hono";
import { type ClusterNode, join, type ManagedLock } from "../../mod.ts";
import { webSocket, type WebSocketOptions } from "../../transports/websocket.ts";
import { Counter, createApp } from "./app.ts";

/** One instance, whose app is to be served at this port. */
export interface Instance {
  readonly app: Hono;
  readonly node: ClusterNode;
  readonly port: number;
}

/**
 * Joins the cluster that the environment names:
 *
 * - `INSTANCE`: the id of this instance, and `PORT`: where it listens
 * - `PEERS`: all instances and how they reach each other, as JSON: `{ "w1": "http://one.example", ... }`
 * - `SECRET`: what all instances know, and nobody else
 *
 * `runtime` is what the runtime contributes to a server of WebSockets.
 */
export async function startInstance(
  runtime: Pick<WebSocketOptions, "upgradeWebSocket" | "WebSocket">,
): Promise<Instance> {
  const { INSTANCE: id = "", PORT, PEERS = "{}", SECRET: secret = "" } = process.env;
  const peers: Record<string, string> = JSON.parse(PEERS);
  const transport = webSocket({ peers: atRoutes(peers), secret, ...runtime });
  const node = await join({
    id,
    members: Object.keys(peers),
    transport,
    hosts: [Counter],
    sessionTtl: 2_000, // for the impatient; without it, what a lost instance owned is free after 5 s
  });
  const app = createApp({ node, work }).route(ROUTES, transport.routes);
  return { app, node, port: Number(PORT) };
}

/** Where the instances talk to each other, below the address of each. */
const ROUTES = "/synod";

function atRoutes(peers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(peers).map(([id, url]) => [id, url + ROUTES]));
}

/** Stands for something that takes a while. */
function work(_job: string, { signal }: ManagedLock): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 500);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Calls `stop` when the process is told to end; once, however often it is told. */
export function onStop(stop: () => void): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      if (!stopping) stop();
      stopping = true;
    });
  }
}
