/**
 * The inspector over a cluster of five members, four of them in workers that can be killed, paused and cut off:
 *
 *     deno task inspect [PORT]
 *
 * @module
 */
import { Hono } from "hono";
import { inspector } from "../../lib/inspector/inspector.ts";
import { type ClusterNode, join } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";

/** What a worker is told. */
export type Order =
  | {
    readonly do: "join";
    readonly id: string;
    readonly members: readonly string[];
    readonly channel: string;
  }
  | { readonly do: "pause" | "cut"; readonly time: number };

/** Time for which a worker is paused or cut off, in milliseconds. */
const WHILE = 8_000;

/** Time after which a killed worker starts again, in milliseconds. */
const DEAD = 8_000;

/** The cluster with its inspector. */
export interface Inspected extends AsyncDisposable {
  /** The member in this thread. */
  readonly node: ClusterNode;
  /** The address of the page. */
  readonly url: string;
}

/** Starts the cluster, and serves its inspector on `port`; 0: any. */
export async function inspect(port: number): Promise<Inspected> {
  const channel = `inspect ${crypto.randomUUID()}`;
  const members = ["main", "w1", "w2", "w3", "w4"];
  const workers = new Map<string, Worker>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const start = (id: string) => {
    const worker = new Worker(new URL("worker.ts", import.meta.url), { type: "module" });
    workers.set(id, worker);
    worker.postMessage({ do: "join", id, members, channel } satisfies Order);
  };
  for (const id of members.slice(1)) start(id);
  const transport = broadcastChannel(channel, { locks: false });
  const node = await join({ id: "main", members, transport, sessionTtl: 3_000 });

  const workerOf = (id: string) => {
    const worker = workers.get(id);
    if (worker === undefined) throw new Error(`${id} is not a worker that runs`);
    return worker;
  };
  const buttons = {
    Kill(id: string) {
      workerOf(id).terminate();
      workers.delete(id);
      const timer = setTimeout(() => {
        timers.delete(timer);
        start(id);
      }, DEAD);
      timers.add(timer);
    },
    Pause(id: string) {
      workerOf(id).postMessage({ do: "pause", time: WHILE } satisfies Order);
    },
    Cut(id: string) {
      workerOf(id).postMessage({ do: "cut", time: WHILE } satisfies Order);
    },
  };
  const app = new Hono();
  app.get("/", (context) => context.redirect("/inspect/"));
  app.route("/inspect", inspector(node, { actions: true, buttons }));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request) => app.fetch(request),
  );
  return {
    node,
    url: `http://127.0.0.1:${server.addr.port}/inspect/`,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const worker of workers.values()) worker.terminate();
      await node.close();
      await server.shutdown();
    },
  };
}

if (import.meta.main) {
  const { url } = await inspect(Number(Deno.args[0] ?? 8017));
  console.log(`Open ${url}\nKill, pause and cut its nodes there; end with Ctrl-C.`);
}
