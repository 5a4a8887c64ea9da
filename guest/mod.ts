/**
 * Guests: browsers and edge functions that use a cluster without being trusted by it. A guest proves its own id
 * by a token, and one of the cluster's servers does for it what a full node does itself.
 *
 * @module
 */
export { connect } from "./connect.ts";
export type { ConnectOptions } from "./connect_options.ts";
export type { GuestEvents } from "./events.ts";
export { GuestNode } from "./guest_node.ts";
export type { ClientSocket, ClientSocketConstructor } from "./web_socket_line.ts";
