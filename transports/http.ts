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
 * @example
 * A server under Deno, and a client anywhere:
 * ```ts no-eval
 * import { Hono } from "hono";
 * import { join } from "@synod/synod";
 * import { http } from "@synod/synod/transports/http";
 *
 * const peers = { w1: "https://one.example/synod", w2: "https://two.example/synod" };
 * const secret = "at least sixteen characters";
 * const members = ["w1", "w2", "w3"];
 *
 * const transport = http({ peers, secret });
 * Deno.serve(new Hono().route("/synod", transport.routes).fetch);
 * const node = await join({ id: "w1", members, transport, clients: true });
 *
 * const client = await join({ id: "edge-7", members, transport: http({ peers, secret }) });
 * ```
 */
export function http(options: HttpOptions): Transport & { routes: Routes } {
  return new HttpTransport(checkOptions(options));
}
