import { WebSocketClient } from "./websocket/client.ts";
import { checkClientOptions, type WebSocketClientOptions } from "./websocket/options.ts";
import type { Transport } from "./transport.ts";

export type { CredentialOptions } from "./auth/credentials.ts";
export type {
  ClientSocket,
  ClientSocketConstructor,
  WebSocketClientOptions,
} from "./websocket/options.ts";
export type { PeerAddresses } from "./link/addresses.ts";
export type { GuestClose, GuestLine, GuestPort, GuestProof, GuestReception } from "./guests.ts";
export type { Transport, TransportUser } from "./transport.ts";

/**
 * Connects a node to servers by WebSocket, and takes no connections: `webSocket` without `routes` and without Hono.
 * For nodes that run no server, such as pages and workers that join, where a smaller bundle counts. It speaks with
 * servers that use `webSocket`.
 *
 * Such a node takes no guests. A program without the secret, such as a page of users, is a guest itself: see `connect`
 * of `@synod/synod/guest`, which is smaller still.
 *
 * @throws {TypeError} If an option is invalid, or two exclude each other; the message names them.
 *
 * @example A client of two servers
 * ```ts
 * import { webSocketClient } from "@synod/synod/transports/websocket-client";
 *
 * const transport = webSocketClient({
 *   peers: { w1: "wss://one.example/synod", w2: "wss://two.example/synod" },
 *   secret: crypto.randomUUID(), // in production from a secret store, the same on every server
 * });
 * // const node = await join({ id: "client", members: ["w1", "w2"], transport });
 * await transport.close();
 * ```
 */
export function webSocketClient(options: WebSocketClientOptions): Transport {
  return new WebSocketClient(checkClientOptions(options));
}
