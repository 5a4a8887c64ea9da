/**
 * A member of a cluster over WebSocket, in Deno, Node or Bun; in Node also with a file of SQLite.
 *
 * @module
 */
import { Hono } from "hono";
import type { UpgradeWebSocket } from "hono/ws";
import { sqlite } from "../../lib/storage/sqlite.ts";
import { join, type MemberStorage, type Process, type Result } from "../../mod.ts";
import { limitPings, webSocket, type WebSocketOptions } from "../../transports/websocket.ts";
import { obey } from "./obey.ts";

/** Longer than any measurement, so that no renewal falls into one, and no load of the machine ends one. */
const OPTIONS = { sessionTtl: 60_000, timeout: 30_000 } as const;

type Fetch = (request: Request, ...rest: unknown[]) => Response | Promise<Response>;

/** A server on a free port of this machine; `fetch` may be set later. */
interface Server {
  readonly port: number;
  readonly upgradeWebSocket: UpgradeWebSocket;
  /** The class of sockets, where the runtime has none of its own. */
  readonly WebSocket?: WebSocketOptions["WebSocket"];
  close(): Promise<void>;
}

async function serve(fetch: Fetch): Promise<Server> {
  if ("Deno" in globalThis) {
    const { upgradeWebSocket } = await import("hono/deno");
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    const server = Deno.serve(options, (request) => fetch(request));
    return { port: server.addr.port, upgradeWebSocket, close: () => server.shutdown() };
  }
  if ("Bun" in globalThis) {
    const { upgradeWebSocket, websocket: listeners } = await import("hono/bun");
    const { serve } = (globalThis as unknown as { Bun: BunServe }).Bun;
    const websocket = limitPings(listeners);
    const server = serve({ hostname: "127.0.0.1", port: 0, fetch, websocket });
    return { port: server.port, upgradeWebSocket, close: () => server.stop(true) };
  }
  const { serve, upgradeWebSocket } = await import("@hono/node-server");
  const { WebSocket, WebSocketServer } = await import("ws");
  const sockets = new WebSocketServer({ noServer: true });
  const listening = Promise.withResolvers<number>();
  const server = serve(
    { fetch, hostname: "127.0.0.1", port: 0, websocket: { server: sockets } },
    ({ port }) => listening.resolve(port),
  );
  return {
    port: await listening.promise,
    upgradeWebSocket,
    WebSocket: WebSocket as unknown as Server["WebSocket"],
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The part of Bun that this program uses. */
interface BunServe {
  serve(options: object): { readonly port: number; stop(closes: boolean): Promise<void> };
}

async function fileIn(folder: string, id: string): Promise<MemberStorage> {
  const { DatabaseSync } = await import("node:sqlite");
  return sqlite(() => new DatabaseSync(`${folder}/${id}.db`));
}

function valueOf<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(`the measured operation failed: ${result.error}`);
  return result.value;
}

let app = new Hono();
const server = await serve((request, ...rest) => app.fetch(request, ...(rest as [object])));
await obey(`ws://127.0.0.1:${server.port}/synod`, async ({ index, addresses, folder }) => {
  const peers = Object.fromEntries(addresses.map((address, index) => [`w${index}`, address]));
  const { upgradeWebSocket, WebSocket } = server;
  const transport = webSocket({ peers, insecure: true, upgradeWebSocket, WebSocket });
  // A new one: another process may have dialled already, and an app takes no routes behind its first request.
  app = new Hono().route("/synod", transport.routes);
  const id = `w${index}`;
  const files = folder === undefined ? {} : { storage: await fileIn(folder, id) };
  const node = await join({ id, members: Object.keys(peers), transport, ...files, ...OPTIONS });
  await node.ready;
  const keeper: Process = node.spawn();
  return {
    async put(key, value) {
      if (valueOf(await node.kv.put(key, value)) !== value) throw new Error("it was set");
    },
    async preset(key, value) {
      valueOf(await node.kv.put(key, value, { pid: keeper }));
    },
    get: async (key) => valueOf(await node.kv.get(key)) as string,
    async lock(key) {
      const lock = await node.lock(key);
      return () => lock.release();
    },
    async close() {
      await node.close();
      await server.close();
    },
  };
});
