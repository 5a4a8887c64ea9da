import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { http } from "../transports/http.ts";
import { webSocket } from "../transports/websocket.ts";
import type { Transports } from "./member.ts";

/** The addresses of the servers of all members, by id. */
export type Addresses = Readonly<Record<string, string>>;

/** The transport between processes. */
export type Over = "websocket" | "http";

/** A server on this machine for the connections of one member: those of its node, and those of the echo. */
export class Server {
  #app = new Hono();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  readonly #over: Over;

  /** Listens on a port that the system chooses. */
  constructor(over: Over) {
    this.#over = over;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#app.fetch(request));
  }

  /** The address of the server. */
  get address(): string {
    return `${this.#over === "http" ? "http" : "ws"}://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The transports of the member `id`, mounted on this server. */
  transports(id: string, addresses: Addresses): Transports {
    // Not the one that has answered others until now: that takes no more routes.
    const app = new Hono();
    const mount = (path: string) => {
      const peers = Object.fromEntries(
        Object.entries(addresses).map(([id, address]) => [id, `${address}/${path}`]),
      );
      const transport = this.#over === "http"
        ? http({ peers, insecure: true })
        : webSocket({ peers, insecure: true, upgradeWebSocket });
      app.route(`/${path}`, transport.routes);
      return transport;
    };
    const transports = { id, cluster: mount("cluster"), bare: mount("bare") };
    this.#app = app;
    return transports;
  }

  /** Stops accepting connections. */
  async close(): Promise<void> {
    await this.#server.shutdown();
  }
}
