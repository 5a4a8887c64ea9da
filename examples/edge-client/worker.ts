/**
 * A worker at the edge, as a guest of the cluster. It sells each seat at most once. It has no address
 * and keeps no state: for each request it connects to one member over HTTP, asks it, and leaves. That takes
 * one subrequest to connect, one for each operation, and one to leave.
 *
 * @module
 */
import { Hono } from "hono";
import { connect, type GuestNode } from "../../guest/mod.ts";
import { Visits } from "./visits.ts";

/** The bindings of the configuration. */
interface Bindings {
  /** The addresses of the members, as JSON. */
  readonly SERVERS: string;
  /** The secret that all servers of the cluster share. */
  readonly SECRET: string;
}

/**
 * Calls `use` with a guest for this request only: in workerd, sockets and timers live no longer than the
 * request that created them, and two requests must not share one id. The worker knows the secret, so it
 * makes its tokens itself.
 */
async function withNode<T>(env: Bindings, use: (node: GuestNode) => Promise<T>): Promise<T> {
  const node = await connect({
    id: `edge-${crypto.randomUUID()}`,
    servers: JSON.parse(env.SERVERS),
    secret: env.SECRET,
    timeout: 5_000,
  });
  try {
    return await use(node);
  } finally {
    await node.close();
  }
}

const app = new Hono<{ Bindings: Bindings }>();

/** Sells a seat: `{ seat, buyer, mine }`, where `buyer` owns it from now on. */
app.post("/seats/:seat/:buyer", async (context) => {
  const { seat, buyer } = context.req.param();
  const claim = await withNode(context.env, (node) => node.kv.claim(["seat", seat], buyer));
  if (!claim.ok) return context.json({ error: claim.error }, 503);
  return context.json({ seat, buyer: claim.value.value, mine: claim.value.mine });
});

/** The buyer of a seat. */
app.get("/seats/:seat", async (context) => {
  const seat = context.req.param("seat");
  const sold = await withNode(context.env, (node) => node.kv.get<string>(["seat", seat]));
  if (sold.ok) return context.json({ seat, buyer: sold.value });
  return context.json({ error: sold.error }, sold.error === "not_found" ? 404 : 503);
});

/** Takes the lock on `till`: `{ token }`, greater than those of all earlier holders. */
app.post("/till/:till", async (context) => {
  const till = context.req.param("till");
  return await withNode(context.env, async (node) => {
    const lock = await node.lock(["till", till], { timeout: 10_000 });
    try {
      return context.json({ till, token: lock.token });
    } finally {
      await lock.release();
    }
  });
});

/** Counts a visit, by a singleton that runs on one of the members: `{ visits }`. */
app.post("/visits", async (context) => {
  const visits = await withNode(context.env, (node) => node.name("visits", Visits).count());
  return context.json({ visits });
});

export default app;
