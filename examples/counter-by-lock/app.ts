/**
 * A web app that counts. It may run on many nodes. All of them share one store; the lock on a key
 * ensures that only one request at a time reads, adds one and writes.
 *
 * @module
 */
import { Hono } from "hono";
import type { ClusterNode } from "../../mod.ts";
import type { Store } from "./store.ts";

/** The dependencies of the routes. */
export interface CounterParts {
  readonly node: ClusterNode;
  readonly store: Store;
  /** Whether increments take the lock; without it some increments are lost. */
  readonly withLock?: boolean;
}

/** The routes `POST /increment/:key` and `GET /counter/:key`; both answer `{ key, value }`. */
export function counterApp({ node, store, withLock = true }: CounterParts): Hono {
  const app = new Hono();

  async function increment(key: string): Promise<number> {
    const value = await store.get(key) + 1;
    await store.set(key, value);
    return value;
  }

  app.post("/increment/:key", async (context) => {
    const key = context.req.param("key");
    if (!withLock) return context.json({ key, value: await increment(key) });
    // Each key has its own lock. A client that disconnects leaves the queue.
    await using _lock = await node.lock(["counter", key], { signal: context.req.raw.signal });
    return context.json({ key, value: await increment(key) });
  });

  app.get("/counter/:key", async (context) => {
    const key = context.req.param("key");
    return context.json({ key, value: await store.get(key) });
  });

  return app;
}
