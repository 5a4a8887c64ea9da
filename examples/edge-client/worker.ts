/**
 * A worker at the edge that is a client of the cluster: it sells seats, and no seat twice. It has no
 * address and keeps nothing: for each request it joins, asks the members over HTTP, and leaves again.
 *
 * @module
 */
import { Hono } from "hono";
import { type ClusterNode, join } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { Visits } from "./visits.ts";

/** What the configuration binds. */
interface Bindings {
  /** The addresses of the members by their ids, as JSON. */
  readonly PEERS: string;
  /** What all servers of the cluster know. */
  readonly SECRET: string;
}

/**
 * Calls `use` with a node of this request's own: sockets and timers of workerd live no longer than the
 * request that made them, and two requests must not be one node.
 */
async function withNode<T>(env: Bindings, use: (node: ClusterNode) => Promise<T>): Promise<T> {
  const peers: Record<string, string> = JSON.parse(env.PEERS);
  const node = await join({
    id: `edge-${crypto.randomUUID()}`,
    members: Object.keys(peers),
    transport: http({ peers, secret: env.SECRET }),
    timeout: 5_000,
  });
  try {
    return await use(node);
  } finally {
    await node.close();
  }
}

const app = new Hono<{ Bindings: Bindings }>();

/** Sells a seat: `{ seat, buyer, mine }`, where `buyer` is whose it is from now on. */
app.post("/seats/:seat/:buyer", async (context) => {
  const { seat, buyer } = context.req.param();
  const claim = await withNode(context.env, (node) => node.kv.claim(["seat", seat], buyer));
  if (!claim.ok) return context.json({ error: claim.error }, 503);
  return context.json({ seat, buyer: claim.value.value, mine: claim.value.mine });
});

/** Whose a seat is. */
app.get("/seats/:seat", async (context) => {
  const seat = context.req.param("seat");
  const sold = await withNode(context.env, (node) => node.kv.get<string>(["seat", seat]));
  if (sold.ok) return context.json({ seat, buyer: sold.value });
  return context.json({ error: sold.error }, sold.error === "not_found" ? 404 : 503);
});

/** Takes the lock on `till`: `{ token }`, greater than that of everybody who had it before. */
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
