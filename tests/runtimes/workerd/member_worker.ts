/**
 * A worker with a member of a cluster. The member is in a single Durable Object, since it must keep its
 * promises in memory, and be reachable, from one request to the next.
 *
 * @module
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/cloudflare-workers";
import { type ClusterNode, join } from "../../../mod.ts";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";

interface Bindings {
  /** The ids of the members, as JSON; this member is the last one. */
  readonly MEMBERS: string;
  /** The addresses of the others by id, as JSON; empty if they connect to this one. */
  readonly PEERS: string;
  readonly SECRET: string;
  /** `webSocket` or `http`. */
  readonly TRANSPORT: string;
  readonly MEMBER: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

/** The argument of the constructor. */
interface State {
  /** Blocks all requests until `callback` has settled. */
  blockConcurrencyWhile(callback: () => Promise<void>): Promise<void>;
}

/** The Durable Object. */
export class Member {
  readonly #app = new Hono<{ Bindings: Bindings }>();
  readonly #env: Bindings;
  #node!: ClusterNode;

  constructor(state: State, env: Bindings) {
    this.#env = env;
    const [peers, members] = [JSON.parse(env.PEERS), JSON.parse(env.MEMBERS)];
    const transport = env.TRANSPORT === "http"
      ? http({ peers, secret: env.SECRET })
      : webSocket({ peers, secret: env.SECRET, upgradeWebSocket });
    this.#app.route("/synod", transport.routes);
    this.#app.post("/put/:key/:value", async (context) => {
      const { key, value } = context.req.param();
      return context.json(await this.#node.kv.put(key, value));
    });
    this.#app.get("/get/:key", async (context) => {
      return context.json(await this.#node.kv.get(context.req.param("key")));
    });
    this.#app.post("/lock/:key", async (context) => {
      const lock = await this.#node.lock(context.req.param("key"), { timeout: 10_000 });
      await lock.release();
      return context.json(lock.token);
    });
    this.#app.get("/size/:key", async (context) => {
      const result = await this.#node.kv.get<Uint8Array>(context.req.param("key"));
      return context.json(result.ok ? result.value.length : result.error);
    });
    this.#app.get("/session", async (context) => {
      return context.json((await this.#node.status()).session?.id);
    });
    state.blockConcurrencyWhile(async () => {
      const id = members.at(-1);
      const options = { clients: true, sessionTtl: 1_000, timeout: 10_000 };
      this.#node = await join({ id, members, transport, ...options });
    });
  }

  fetch(request: Request): Response | Promise<Response> {
    return this.#app.fetch(request, this.#env);
  }
}

export default {
  fetch: (request: Request, env: Bindings): Promise<Response> =>
    env.MEMBER.get(env.MEMBER.idFromName("the member")).fetch(request),
};
