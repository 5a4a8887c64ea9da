import { checkOptions, type WebSocketOptions } from "./websocket/options.ts";
import { WebSocketTransport } from "./websocket/transport.ts";
import type { Drainable } from "./link/drainable.ts";
import type { Routes } from "./link/routes.ts";
import type { Transport } from "./transport.ts";

export type { CredentialOptions } from "./auth/credentials.ts";
export { nodeToken, type NodeTokenOptions } from "./auth/node_token.ts";
export type {
  ClientSocket,
  ClientSocketConstructor,
  ServerSocket,
  ServerSocketEvents,
  UpgradeWebSocket,
  WebSocketClientOptions,
  WebSocketOptions,
} from "./websocket/options.ts";
export { limitPings, type PingedSocket, type PingListener } from "./websocket/pings.ts";
export type { PeerAddresses } from "./link/addresses.ts";
export type { Drainable } from "./link/drainable.ts";
export type { Routes } from "./link/routes.ts";
export type { GuestClose, GuestLine, GuestPort, GuestProof, GuestReception } from "./guests.ts";
export type { Transport, TransportUser } from "./transport.ts";

/**
 * Connects servers by WebSocket, under Deno, Bun, Node and workerd, and lets guests in (`connect` of
 * `@synod/synod/guest`).
 *
 * A server mounts `routes` in its own Hono app, at the address that the other nodes have for it in
 * `peers`. Each node connects to all of `peers`, and reconnects when a connection ends. A node without an
 * address is reached over the connections that it made.
 *
 * With `secret` both sides of each connection prove that they have it, by signed tokens that are valid for
 * that connection only. A guest sends a token of {@linkcode nodeToken} instead, and relies on TLS
 * (`wss:`) to verify the server. The proofs authenticate the two nodes; only TLS keeps an attacker on the
 * path between them from reading or changing frames.
 *
 * Without a valid proof or token the connection is closed with the code 4401. A node that is refused tries
 * again after about half a minute and reports the reason: `open` takes a function as its third argument,
 * and calls it with a `SynodError` `unauthorized` once for each peer.
 *
 * Servers wait for their connections when they stop. Call `drain()` before, or close the node first or at the
 * same time.
 *
 * In a runtime whose sockets have no `terminate()` (Deno, with its own `WebSocket`) the process can exit
 * only when the other side has confirmed the end of a connection, or the system has given up on it.
 * If the server has a limit for the size of messages, set it to a megabyte. In Bun give the server
 * `limitPings(websocket)` in the place of `websocket`: otherwise a stranger can stall it by pings.
 *
 * @throws {TypeError} If an option is invalid, or two exclude each other; the message names them.
 *
 * @example A server under Deno, before it joins and listens (`Deno.serve(app.fetch)`)
 * ```ts
 * import { Hono } from "hono";
 * // Bun: `upgradeWebSocket` and `websocket` of "hono/bun". Node: `upgradeWebSocket` and `serve` of
 * // "@hono/node-server", and `WebSocket` of "ws". workerd: "hono/cloudflare-workers".
 * import { upgradeWebSocket } from "hono/deno";
 * import { webSocket } from "@synod/synod/transports/websocket";
 *
 * const transport = webSocket({
 *   peers: { w1: "wss://one.example/synod", w2: "wss://two.example/synod" },
 *   secret: crypto.randomUUID(), // in production from a secret store, the same on every server
 *   upgradeWebSocket,
 * });
 * const app = new Hono().route("/synod", transport.routes);
 *
 * // No connection is accepted before the node has joined: join({ id: "w1", members, transport }).
 * console.log((await app.request("/synod")).status); // 503
 * ```
 */
export function webSocket(options: WebSocketOptions): Transport & Drainable & { routes: Routes } {
  return new WebSocketTransport(checkOptions(options));
}
