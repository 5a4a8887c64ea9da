import { checkOptions, type HttpOptions } from "./http/options.ts";
import { HttpTransport } from "./http/transport.ts";
import type { Drainable } from "./link/drainable.ts";
import type { Routes } from "./link/routes.ts";
import type { Transport } from "./transport.ts";

export type { CredentialOptions } from "./auth/credentials.ts";
export { nodeToken, type NodeTokenOptions } from "./auth/node_token.ts";
export type { Fetch, HttpOptions } from "./http/options.ts";
export type { PeerAddresses } from "./link/addresses.ts";
export type { Drainable } from "./link/drainable.ts";
export type { Routes } from "./link/routes.ts";
export type { GuestClose, GuestLine, GuestPort, GuestProof, GuestReception } from "./guests.ts";
export type { Transport, TransportUser } from "./transport.ts";

/**
 * Connects servers by plain HTTP requests where WebSockets are not possible, in networks that pass nothing else,
 * and lets guests in that do the same (`connect` of `@synod/synod/guest`). `webSocket` is faster where both are possible.
 *
 * A server mounts `routes` in its own Hono app, at the address that the other nodes have for it in
 * `peers`. Each node makes requests to all of `peers`. Each peer holds one of these requests open, for up
 * to seven seconds, so that frames for the node reach it at once even if the node has no address. The
 * frames of one turn of the event loop travel in one request. At most two requests to a peer are under
 * way; further frames travel together in the next one.
 *
 * Authentication works as with `webSocket`: with `secret` both sides prove that they have it, by signed
 * tokens that are valid only once; a guest sends a token of {@linkcode nodeToken} instead. Later
 * requests of nodes carry a random key. An eavesdropper could use that key, so use TLS (`https:`). A request
 * without a valid proof or key gets status 401. A node that is refused tries again after about half a
 * minute and reports the reason: `open` takes a function as its third argument, and calls it with a
 * `SynodError` `unauthorized` once for each peer.
 *
 * Servers wait for their requests when they stop. Call `drain()` before, or close the node first or at the same time.
 *
 * For browsers of another origin the app must set CORS headers (`hono/cors`).
 *
 * @throws {TypeError} If an option is invalid, or two exclude each other; the message names them.
 *
 * @example A server; in a real program `Deno.serve(app.fetch)`, or the equivalent of your runtime, follows
 * ```ts
 * import { Hono } from "hono";
 * import { http } from "@synod/synod/transports/http";
 *
 * const transport = http({
 *   peers: { w1: "https://one.example/synod", w2: "https://two.example/synod" },
 *   secret: crypto.randomUUID(), // in production from a secret store, the same on every server
 * });
 * const app = new Hono().route("/synod", transport.routes);
 *
 * // Requests are refused until the node has joined: join({ id: "w1", members, transport }).
 * const response = await app.request("/synod/session", { method: "POST" });
 * console.log(response.status); // 503
 * ```
 *
 * @example A cluster of one member and a client; `fetch` stands for the network between them
 * ```ts
 * import { join } from "@synod/synod";
 * import { http } from "@synod/synod/transports/http";
 *
 * const [members, secret] = [["w1"], crypto.randomUUID()];
 * const server = http({ secret });
 * const client = http({
 *   secret,
 *   peers: { w1: "http://w1.example" },
 *   fetch: async (url, init) => await server.routes.request(url, init),
 * });
 * const w1 = await join({ id: "w1", members, transport: server, clients: true, sessionTtl: 100 });
 * const edge = await join({ id: "edge", members, transport: client });
 * console.log(await edge.kv.put("leader", "edge")); // { ok: true, value: "edge" }
 * await edge.close();
 * await w1.close();
 * ```
 */
export function http(options: HttpOptions): Transport & Drainable & { routes: Routes } {
  return new HttpTransport(checkOptions(options));
}
