import { type Context, Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { type ClusterNode, type Guest, type GuestRequest, join } from "../../mod.ts";
import { nodeToken, webSocket } from "../../transports/websocket.ts";
import { Users } from "./users.ts";

/** Three servers, each with a member of the cluster. */
export interface Servers extends AsyncDisposable {
  readonly nodes: readonly ClusterNode[];
  /** The addresses of the page, one at each server; all are equivalent. */
  readonly urls: readonly string[];
}

/** The options of {@linkcode startServers}. */
export interface ServerOptions {
  /** The secret that the servers share; no browser gets it. */
  readonly secret: string;
  /** The script of the page. */
  readonly script: string;
  /** The port of the first server; 0 selects free ports. */
  readonly port?: number;
}

const MEMBERS = ["w1", "w2", "w3"];

/** Ids that a tab may choose for itself, so that two tabs of one user are two guests. */
const TAB = /^[0-9a-f]{8}$/;

/** Lifetime of a token and of the connection that it opens, in milliseconds; the tab then reconnects. */
const TOKEN_LIFETIME = 60_000;

/** What a page may do as a guest: take the pen, and no more. Guests are strangers, so the members check. */
const authorize = (_guest: Guest, { type, key }: GuestRequest): boolean =>
  type === "lock" && key === "pen";

/** The routes for browsers: the page, and what its guest needs. */
export function browserRoutes(
  { secret, script, servers }: ServerOptions & { readonly servers: readonly string[] },
): Hono {
  const users = new Users(secret);
  const app = new Hono();
  app.get("/", async (context) => {
    await users.welcome(context); // replace this by your login
    return context.html(PAGE);
  });
  app.get("/client.js", (context) => {
    return context.body(script, { headers: { "content-type": "text/javascript" } });
  });

  /** The id of the guest of a user's tab, or `null` without a login or with a malformed tab id. */
  async function guestId(context: Context): Promise<string | null> {
    const user = await users.of(context);
    const tab = context.req.param("tab") ?? "";
    return user === null || !TAB.test(tab) ? null : `${user}.${tab}`;
  }

  /** The id of the tab's guest, and the addresses of the servers. */
  app.get("/guest/:tab", async (context) => {
    const id = await guestId(context);
    if (id === null) return context.text("Log in first.", 401);
    return context.json({ id, servers });
  });

  /** The token of the tab's guest. Only its user can fetch it, and it is valid for that guest only. */
  app.get("/token/:tab", async (context) => {
    const id = await guestId(context);
    if (id === null) return context.text("Log in first.", 401);
    context.header("cache-control", "no-store");
    return context.text(await nodeToken({ secret, id, expiresIn: TOKEN_LIFETIME }));
  });
  return app;
}

/** Starts three servers on this machine; in production each has its own machine, behind TLS. */
export async function startServers(options: ServerOptions): Promise<Servers> {
  const { secret, port = 0 } = options;
  const apps = MEMBERS.map(() => new Hono());
  const servers = apps.map((app, index) =>
    Deno.serve(
      { hostname: "127.0.0.1", port: port === 0 ? 0 : port + index, onListen: () => {} },
      (request) => app.fetch(request),
    )
  );
  const hosts = servers.map(({ addr }) => `127.0.0.1:${addr.port}`);
  const peers = Object.fromEntries(MEMBERS.map((id, index) => [id, `ws://${hosts[index]}/synod`]));
  const nodes = await Promise.all(MEMBERS.map((id, index) => {
    const transport = webSocket({ peers, secret, upgradeWebSocket });
    apps[index].route("/synod", transport.routes);
    apps[index].route("/", browserRoutes({ ...options, servers: Object.values(peers) }));
    // Guests count as clients: they have no vote, and come and go.
    const rights = { clients: true, guests: { authorize } };
    return join({ id, members: MEMBERS, transport, ...rights, sessionTtl: 2_000 });
  }));
  return {
    nodes,
    urls: hosts.map((host) => `http://${host}/`),
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.close()));
      await Promise.all(servers.map((server) => server.shutdown()));
    },
  };
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The pen</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; }
  button { font: inherit; padding: 0.3rem 1rem; }
  #mine { font-weight: bold; }
</style>
<h1>One pen for all tabs</h1>
<p>This tab is <code id="id">…</code>.</p>
<p id="state">It looks for the servers …</p>
<p>
  <button id="take" disabled>Take the pen</button>
  <button id="give" disabled>Give it back</button>
</p>
<p>Open this page in more tabs, and close the one that has the pen.</p>
<script type="module" src="/client.js"></script>
`;
