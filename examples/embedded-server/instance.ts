/**
 * The part that is the same in all runtimes.
 *
 * @module
 */
import process from "node:process";
import type { Hono } from "hono";
import { type ClusterNode, join, type ManagedLock } from "../../mod.ts";
import { webSocket, type WebSocketOptions } from "../../transports/websocket.ts";
import { Counter, createApp } from "./app.ts";

/** One instance, and the port of its app. */
export interface Instance {
  readonly app: Hono;
  readonly node: ClusterNode;
  readonly port: number;
}

/**
 * Joins the cluster that the environment describes:
 *
 * - `INSTANCE`: the id of this instance, and `PORT`: where it listens
 * - `PEERS`: the addresses at which the instances reach each other, as JSON: `{ "w1": "http://one.example", ... }`
 * - `SECRET`: the secret that all instances share
 *
 * `runtime` is the runtime's own part of a WebSocket server.
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
    sessionTtl: 2_000, // short for the tour; with the default, what a lost instance owned is free after 5 s
  });
  const app = createApp({ node, work }).route(ROUTES, transport.routes);
  return { app, node, port: Number(PORT) };
}

/** The path below the address of an instance at which the others connect. */
const ROUTES = "/synod";

function atRoutes(peers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(peers).map(([id, url]) => [id, url + ROUTES]));
}

/** Stands for work that takes a while. */
function work(_job: string, { signal }: ManagedLock): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 500);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Calls `stop` once, when the process is told to end. */
export function onStop(stop: () => void): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      if (!stopping) stop();
      stopping = true;
    });
  }
}
