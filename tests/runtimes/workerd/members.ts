import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { type ClusterNode, join, type JoinOptions } from "../../../mod.ts";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";

/** The secret of all servers of the cluster. */
export const SECRET = "vJ8nQmZ2xWc5TtLhYk7RbE4sDfGp9aUo";

/** Limit for a cluster to begin, in milliseconds. */
const PATIENCE = 20_000;

/** The transports. */
export type Kind = "webSocket" | "http";

/** Members in this process, each with its own server. */
export class Members implements AsyncDisposable {
  readonly nodes: ClusterNode[] = [];
  /** The addresses of the members, by id. */
  readonly peers: Record<string, string> = {};
  readonly #kind: Kind;
  readonly #apps = new Map<string, Hono>();
  readonly #servers: Deno.HttpServer[] = [];

  /** Listens on free ports for the members `ids`; none has joined yet. */
  constructor(kind: Kind, ids: readonly string[]) {
    this.#kind = kind;
    for (const id of ids) {
      const app = new Hono();
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        (request) => app.fetch(request),
      );
      this.#apps.set(id, app);
      this.#servers.push(server);
      this.setPort(id, (server.addr as Deno.NetAddr).port);
    }
  }

  /** Sets the address of the member `id`, which may be in another process. */
  setPort(id: string, port: number): void {
    this.peers[id] = `${this.#kind === "http" ? "http" : "ws"}://127.0.0.1:${port}/synod`;
  }

  /** Joins with all of them. */
  async join(options: Omit<JoinOptions, "id" | "transport">): Promise<void> {
    const { peers } = this;
    for (const [id, app] of this.#apps) {
      const transport = this.#kind === "http"
        ? http({ peers, secret: SECRET })
        : webSocket({ peers, secret: SECRET, upgradeWebSocket });
      app.route("/synod", transport.routes as Hono);
      this.nodes.push(await join({ ...options, id, transport }));
    }
  }

  /** Resolves when all of them have a quorum; rejects after the limit. */
  async ready(): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE);
    await Promise.race([
      Promise.all(this.nodes.map((node) => node.ready)),
      new Promise((_, reject) => late.addEventListener("abort", () => reject(late.reason))),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }
}
