/**
 * A worker with a cluster of one member, in a Durable Object that keeps it in its SQLite database.
 *
 * @module
 */
import { Hono } from "hono";
import { type ClusterNode, join } from "../../../mod.ts";
import {
  durableObject,
  type DurableObjectStorageLike,
} from "../../../lib/storage/durable_object.ts";
import { memoryNetwork } from "../../../transports/memory.ts";

interface Bindings {
  readonly MEMBER: {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
  };
}

/** The argument of the constructor. */
interface State {
  readonly storage: DurableObjectStorageLike;
}

/** The Durable Object. */
export class Member {
  readonly #app = new Hono();
  readonly #state: State;
  #node: Promise<ClusterNode> | undefined;

  constructor(state: State) {
    this.#state = state;
    this.#app.post("/put/:key/:value", async (context) => {
      const { key, value } = context.req.param();
      return context.json(await (await this.#joined()).kv.put(key, value));
    });
    this.#app.get("/get/:key", async (context) => {
      return context.json(await (await this.#joined()).kv.get(context.req.param("key")));
    });
    this.#app.get("/aside", async (context) => {
      await (await this.#joined()).ready;
      const { sql } = this.#state.storage;
      const rows = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
      return context.json(rows.map(({ name }) => name));
    });
    this.#app.post("/spoil", (context) => {
      const { sql } = this.#state.storage;
      sql.exec("UPDATE synod SET value = x'00' WHERE key = CAST('member' AS BLOB)");
      return context.json(true);
    });
  }

  /** The node, which begins with the first request. */
  #joined(): Promise<ClusterNode> {
    return this.#node ??= join({
      ...{ id: "only", members: ["only"], transport: memoryNetwork().transport() },
      ...{ sessionTtl: 1_000, timeout: 10_000 },
      storage: durableObject(this.#state.storage),
    });
  }

  fetch(request: Request): Response | Promise<Response> {
    return this.#app.fetch(request);
  }
}

export default {
  fetch: (request: Request, env: Bindings): Promise<Response> =>
    env.MEMBER.get(env.MEMBER.idFromName("the member")).fetch(request),
};
