/**
 * A worker that is a guest of a cluster for the duration of a request. It has no secret: it requests tokens.
 *
 * @module
 */
import { Hono } from "hono";
import { connect, type GuestNode } from "../../../guest/mod.ts";

interface Bindings {
  /** The addresses of the members, as JSON. */
  readonly SERVERS: string;
  /** The address that returns a token for the id at its end. */
  readonly TOKEN_URL: string;
}

function connectAs(id: string, env: Bindings): Promise<GuestNode> {
  return connect({
    id,
    servers: JSON.parse(env.SERVERS),
    token: async () => await (await fetch(env.TOKEN_URL + id)).text(),
    sessionTtl: 3_000,
    timeout: 10_000,
  });
}

const app = new Hono<{ Bindings: Bindings }>();

/** Uses all features of a guest, and leaves. */
app.post("/all/:id", async (context) => {
  const node = await connectAs(context.req.param("id"), context.env);
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

/** Puts a unique key, and leaves. */
app.post("/put/:id", async (context) => {
  const node = await connectAs(context.req.param("id"), context.env);
  const put = await node.kv.put(["of", node.id], node.id);
  await node.close();
  return context.json(put);
});

/** Takes a lock, puts a value to announce it, and never releases it. */
app.post("/hold/:id", async (context) => {
  const node = await connectAs(context.req.param("id"), context.env);
  await node.lock("pen");
  await node.kv.put("holds the pen", node.id);
  await new Promise(() => {});
  return context.json("never");
});

export default app;
