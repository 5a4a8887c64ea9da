import { Hono } from "hono";
import {
  type ClientSocketConstructor,
  limitPings,
  type UpgradeWebSocket,
} from "../../../transports/websocket.ts";

/** Answers the requests to a test server. */
type Handler = (request: Request, env?: unknown) => Response | Promise<Response>;

interface Listening {
  readonly port: number;
  /** Stops at once, with all connections. */
  close(): Promise<void>;
  /** Stops as a user's program does: waits for the connections. */
  stop(): Promise<void>;
}

/** The parts of a server that depend on the runtime. */
interface Adapter {
  /** Listens on a free port of 127.0.0.1. */
  serve(handler: Handler): Promise<Listening>;
  /** Hono's helper for this runtime. */
  readonly upgradeWebSocket: UpgradeWebSocket;
  /** The class that connects in this runtime. */
  readonly WebSocket: ClientSocketConstructor;
}

/** The runtime that the tests run in. */
export const runtime: "deno" | "bun" | "node" = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

// deno-lint-ignore no-explicit-any -- the globals of three runtimes
const globals = globalThis as any;

async function denoAdapter(): Promise<Adapter> {
  const { upgradeWebSocket } = await import("hono/deno");
  return {
    upgradeWebSocket,
    WebSocket,
    // deno-lint-ignore require-await
    async serve(handler) {
      const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
      const server = Deno.serve(options, (request) => handler(request));
      const stop = () => server.shutdown();
      return { port: server.addr.port, close: stop, stop };
    },
  };
}

async function bunAdapter(): Promise<Adapter> {
  const { upgradeWebSocket, websocket: listeners } = await import("hono/bun");
  const websocket = limitPings(listeners);
  return {
    upgradeWebSocket,
    WebSocket,
    // deno-lint-ignore require-await
    async serve(handler) {
      const fetch = (request: Request, server: unknown) => handler(request, { server });
      const server = globals.Bun.serve({ hostname: "127.0.0.1", port: 0, fetch, websocket });
      return {
        port: server.port,
        close: async () => await server.stop(true),
        stop: async () => await server.stop(),
      };
    },
  };
}

async function nodeAdapter(): Promise<Adapter> {
  const { createRequire } = await import("node:module");
  const require = createRequire(new URL("../../../tasks/npm/package.json", import.meta.url));
  const { serve, upgradeWebSocket } = require("@hono/node-server");
  const { WebSocket, WebSocketServer } = require("ws");
  return {
    upgradeWebSocket,
    WebSocket,
    serve(handler) {
      const sockets = new WebSocketServer({ noServer: true });
      return new Promise((resolve) => {
        const server = serve({
          hostname: "127.0.0.1",
          port: 0,
          fetch: handler,
          websocket: { server: sockets },
        }, ({ port }: { port: number }) => {
          const close = () =>
            new Promise<void>((resolve) => {
              sockets.close();
              server.close(() => resolve());
              server.closeAllConnections();
            });
          const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
          resolve({ port, close, stop });
        });
      });
    },
  };
}

const adapter: Adapter =
  await (runtime === "deno" ? denoAdapter() : runtime === "bun" ? bunAdapter() : nodeAdapter());

/** Hono's helper for the runtime that the tests run in. */
export const upgradeWebSocket: UpgradeWebSocket = adapter.upgradeWebSocket;

/** The class that connects in the runtime of the tests. */
export const ClientWebSocket: ClientSocketConstructor = adapter.WebSocket;

/** A server on a free port of 127.0.0.1 in which routes can be mounted at `/synod`, and replaced. */
export class TestServer {
  readonly port: number;
  readonly #close: () => Promise<void>;
  readonly #stop: () => Promise<void>;
  #app = new Hono();

  private constructor({ port, close, stop }: Listening) {
    this.port = port;
    this.#close = close;
    this.#stop = stop;
  }

  /** Listens; answers 404 until routes are mounted. */
  static async start(): Promise<TestServer> {
    let server: TestServer | null = null;
    const listening = await adapter.serve((request, env) =>
      server === null
        ? new Response(null, { status: 404 })
        : server.#app.fetch(request, env as Record<string, unknown>)
    );
    return server = new TestServer(listening);
  }

  /** The address of the routes, `ws` or `http`. */
  url(scheme: "ws" | "http"): string {
    return `${scheme}://127.0.0.1:${this.port}/synod`;
  }

  /** Serves `routes` instead of all earlier ones. */
  mount(routes: Hono): void {
    this.#app = new Hono().route("/synod", routes);
  }

  /** Stops listening, and waits for the connections, as a user's program does. */
  async stop(): Promise<void> {
    await this.#stop();
  }

  /** Stops listening. */
  async close(): Promise<void> {
    await this.#close();
  }

  /** Stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

/** The address of a server, which may run in another process. */
export type Reachable = Pick<TestServer, "url">;
