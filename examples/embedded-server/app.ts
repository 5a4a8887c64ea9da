/**
 * A web app that runs in several instances, with a cluster inside. What must happen once happens once,
 * on any instance.
 *
 * @module
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { type ChildContext, type ClusterNode, type ManagedLock, SynodError } from "../../mod.ts";

/** A counter: one instance for each name in the whole cluster. */
export const Counter = {
  id: "counter",
  start({ node }: ChildContext) {
    let count = 0;
    return { increment: () => ({ count: ++count, host: node }) };
  },
};

/** The dependencies of the routes. */
export interface AppParts {
  readonly node: ClusterNode;
  /** Does the work of the job of this name; it should stop when `lock.signal` aborts. */
  readonly work: (job: string, lock: ManagedLock) => Promise<void>;
}

/** The routes of one instance. */
export function createApp({ node, work }: AppParts): Hono {
  const app = new Hono();

  // Runs a job, unless another instance runs it.
  app.post("/jobs/:name", (context) => {
    const job = context.req.param("name");
    return node.locks.request(`job ${job}`, { ifAvailable: true }, async (lock) => {
      if (lock === null) return context.json({ job, error: "it is running already" }, 409);
      await work(job, lock);
      return context.json({ job, ranOn: node.id, token: lock.token });
    });
  });

  // The first text that is put under a key stays; every request gets that text.
  app.put("/once/:key", bodyLimit({ maxSize: 64 * 1024 }), async (context) => {
    const key = ["once", context.req.param("key")];
    const claim = await node.kv.claim(key, await context.req.text(), { noQuorum: "fail" });
    if (!claim.ok) return context.json({ error: claim.error }, 400);
    return context.json(claim.value, claim.value.mine ? 201 : 200);
  });

  app.get("/once/:key", async (context) => {
    const key = ["once", context.req.param("key")];
    const value = await node.kv.get<string>(key, { noQuorum: "fail" });
    if (!value.ok) return context.json({ error: value.error }, 404);
    return context.json({ value: value.value });
  });

  // Counts, on the instance that hosts the counter.
  app.post("/counters/:name", async (context) => {
    const counter = node.name(context.req.param("name"), Counter);
    return context.json(await counter.increment());
  });

  // For a load balancer: an instance without a quorum should get no requests.
  app.get("/status", async (context) => {
    const status = await node.status();
    return context.json(status, status.hasQuorum ? 200 : 503);
  });

  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    if (!(error instanceof SynodError)) {
      console.error(error);
      return context.json({ error: "internal" }, 500);
    }
    // The call may or may not have been counted, and a second one could count twice.
    if (error.code === "outcome_unknown") return context.json({ error: error.code }, 504);
    return context.json({ error: error.code }, 503, { "retry-after": "1" });
  });

  return app;
}
