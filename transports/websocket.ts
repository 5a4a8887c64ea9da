import { checkOptions, type WebSocketOptions } from "./websocket/options.ts";
import { WebSocketTransport } from "./websocket/transport.ts";
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
  WebSocketOptions,
} from "./websocket/options.ts";
export type { Routes } from "./link/routes.ts";
export type { Transport } from "./transport.ts";

/**
 * Connects nodes by WebSocket: servers under Deno, Bun, Node and workerd with each other, and browsers
 * with them.
 *
 * A server mounts `routes` in its own Hono app, at the address that the others have for it in `peers`.
 * Each node connects to all of `peers`, again and again if need be, and a node that nobody has an
 * address of (a browser) is answered over the connections that it made.
 *
 * With `secret` both sides of each connection prove that they have it, by signed tokens that are of use
 * for that connection only. A browser shows a token instead, made for it by {@linkcode nodeToken}; it
 * relies on TLS (`wss:`) to have reached the right server. So does whoever minds that somebody between
 * the two could read, or change, what they say: the proofs are about who speaks, not about secrecy.
 *
 * Without proof nothing is accepted: the connection is closed with the code 4401. A node that is refused
 * tries again after half a minute or so, and tells why: `open` takes a function for that as its third
 * argument, and calls it with a `SynodError` `unauthorized` once for each peer.
 *
 * In a runtime without `terminate()` on its sockets (Deno, with its own `WebSocket`) the process can
 * exit only when the other side has agreed to the end of a connection, or the system has given up on it.
 * Let the server accept no messages larger than a megabyte, where it can be told so.
 *
 * @throws {TypeError} If an option is wrong, or two exclude each other; the message names it.
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
 *   secret: "at least sixteen characters",
 *   upgradeWebSocket,
 * });
 * const app = new Hono().route("/synod", transport.routes);
 *
 * // Nobody is let in before the node has joined: join({ id: "w1", members, transport }).
 * console.log((await app.request("/synod")).status); // 503
 * ```
 */
export function webSocket(options: WebSocketOptions): Transport & { routes: Routes } {
  return new WebSocketTransport(checkOptions(options));
}
