import { checkOptions, type HttpOptions } from "./http/options.ts";
import { HttpTransport } from "./http/transport.ts";
import type { Routes } from "./link/routes.ts";
import type { Transport } from "./transport.ts";

export type { CredentialOptions } from "./auth/credentials.ts";
export { nodeToken, type NodeTokenOptions } from "./auth/node_token.ts";
export type { Fetch, HttpOptions } from "./http/options.ts";
export type { Routes } from "./link/routes.ts";
export type { Transport } from "./transport.ts";

/**
 * Connects nodes by plain HTTP requests, where WebSockets cannot go: edge functions, and networks that
 * let nothing else through. `webSocket` is faster where both are possible.
 *
 * A server mounts `routes` in its own Hono app, at the address that the others have for it in `peers`.
 * Each node makes requests to all of `peers`. One of them is always held open there, for up to seven
 * seconds, so that what is for the node reaches it at once, though it may have no address of its own.
 * What it says in one turn of the event loop is one request, and at most two are under way to a peer:
 * the rest travels together in the next.
 *
 * Who may speak is settled as with `webSocket`: with `secret` both sides prove that they have it, by
 * signed tokens that are of use only once; a browser shows a token of {@linkcode nodeToken} instead.
 * After that requests carry a random key, which whoever can read them could use as well: use TLS
 * (`https:`). Without proof the answer is 401. A node that is refused tries again after half a minute or
 * so, and tells why: `open` takes a function for that as its third argument, and calls it with a
 * `SynodError` `unauthorized` once for each peer.
 *
 * For browsers of another origin the user's app has to allow it (`hono/cors`).
 *
 * @throws {TypeError} If an option is wrong, or two exclude each other; the message names it.
 *
 * @example A server; in a real one `Deno.serve(app.fetch)`, or what your runtime has for it, follows
 * ```ts
 * import { Hono } from "hono";
 * import { http } from "@synod/synod/transports/http";
 *
 * const transport = http({
 *   peers: { w1: "https://one.example/synod", w2: "https://two.example/synod" },
 *   secret: "at least sixteen characters",
 * });
 * const app = new Hono().route("/synod", transport.routes);
 *
 * // Nobody speaks before the node has joined: join({ id: "w1", members, transport }).
 * const response = await app.request("/synod/session", { method: "POST" });
 * console.log(response.status); // 503
 * ```
 *
 * @example A cluster of one member and a client; `fetch` stands for the network between them
 * ```ts
 * import { join } from "@synod/synod";
 * import { http } from "@synod/synod/transports/http";
 *
 * const [members, secret] = [["w1"], "at least sixteen characters"];
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
export function http(options: HttpOptions): Transport & { routes: Routes } {
  return new HttpTransport(checkOptions(options));
}
