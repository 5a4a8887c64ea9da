/**
 * A worker that is a client of a cluster for as long as a request takes. It has no secret: it asks for
 * tokens.
 *
 * @module
 */
import { Hono } from "hono";
import { type ClusterNode, join } from "../../../mod.ts";
import { http } from "../../../transports/http.ts";
import { webSocket } from "../../../transports/websocket.ts";

interface Bindings {
  /** Where the members are reached, by their ids, as JSON. */
  readonly PEERS: string;
  /** Where there is a token for an id, which comes last. */
  readonly TOKEN_URL: string;
  /** `webSocket` or `http`. */
  readonly TRANSPORT: string;
}

function joinAs(id: string, env: Bindings): Promise<ClusterNode> {
  const peers: Record<string, string> = JSON.parse(env.PEERS);
  const options = { peers, token: async () => await (await fetch(env.TOKEN_URL + id)).text() };
  return join({
    id,
    members: Object.keys(peers),
    transport: env.TRANSPORT === "http" ? http(options) : webSocket(options),
    sessionTtl: 1_000,
    timeout: 10_000,
  });
}

const app = new Hono<{ Bindings: Bindings }>();

/** Does all that a client can do, and leaves. */
app.post("/all/:id", async (context) => {
  const node = await joinAs(context.req.param("id"), context.env);
  const put = await node.kv.put("from the edge", node.id);
  const get = await node.kv.get("from a member");
  const lock = await node.lock("pen");
  const { token, held } = lock;
  await lock.release();
  const spec = { id: "counter", start: () => ({ inc: () => 0 }) };
  const count = await node.name("apples", spec).inc();
  await node.close();
  return context.json({ put, get, token, held, count });
});

/** Puts a key of its own, and leaves. */
app.post("/put/:id", async (context) => {
  const node = await joinAs(context.req.param("id"), context.env);
  const put = await node.kv.put(["of", node.id], node.id);
  await node.close();
  return context.json(put);
});

/** Takes a lock, says so, and keeps it for ever. */
app.post("/hold/:id", async (context) => {
  const node = await joinAs(context.req.param("id"), context.env);
  await node.lock("pen");
  await node.kv.put("holds the pen", node.id);
  await new Promise(() => {});
  return context.json("never");
});

export default app;
