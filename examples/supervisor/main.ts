/**
 * A supervisor with three worker processes, one of which is the leader:
 *
 *     deno task example:supervisor
 *
 * The leader is killed, twice. From outside of the machine a killed process looks like a slow one, which keeps its
 * locks until its session ends, after five seconds. The supervisor knows better: the process has exited. It reports
 * that, and the next worker leads within milliseconds. The exit code is 1 if that took too long.
 *
 * Start reading at `supervise`.
 *
 * @module
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { type ClusterNode, join } from "../../mod.ts";
import { webSocket } from "../../transports/websocket.ts";
import { type FromWorker, MEMBER, SECRET } from "./messages.ts";

/** How often the leader is killed. */
const KILLS = 2;

/** After that many milliseconds a new leader comes too late: half of a session. */
const TOO_LATE = 2_500;

/** A worker's process. */
interface Worker {
  readonly id: string;
  readonly process: Deno.ChildProcess;
  /** Resolves when it has exited, and that was reported. */
  readonly gone: Promise<void>;
}

/** Starts a worker, calls `leads` when it is the leader, and reports its exit. */
function supervise(
  node: ClusterNode,
  id: string,
  url: string,
  leads: (worker: Worker, token: number) => void,
): Worker {
  const program = decodeURIComponent(new URL("./worker.ts", import.meta.url).pathname);
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--allow-net=127.0.0.1", program, id, url],
    stdout: "piped",
  }).spawn();
  // A process may live more than once for the cluster; the latest life owns what there is to own.
  let life: string | undefined;
  const listening = listen(process.stdout, (message) => {
    if (message.type === "life") life = message.life;
    else leads(worker, message.token);
  });
  const gone = process.status.then(async () => {
    // What it said last may still be on its way.
    await listening;
    if (life !== undefined) await node.reportExit(life);
  });
  const worker = { id, process, gone };
  return worker;
}

/** Passes each message of a worker on, until there are no more. */
async function listen(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (message: FromWorker) => void,
): Promise<void> {
  let rest = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(JSON.parse(line));
  }
}

async function main(): Promise<void> {
  const transport = webSocket({ secret: SECRET, upgradeWebSocket });
  const app = new Hono().route("/synod", transport.routes);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  const node = await join({ id: MEMBER, members: [MEMBER], clients: true, transport });
  const url = `ws://127.0.0.1:${server.addr.port}/synod`;

  let next = Promise.withResolvers<Worker>();
  const workers = new Set<Worker>();
  const start = (id: string) => {
    const worker = supervise(node, id, url, (worker, token) => {
      console.log(`${worker.id} leads, token ${token}`);
      next.resolve(worker);
    });
    workers.add(worker);
  };
  for (const id of ["worker-1", "worker-2", "worker-3"]) start(id);
  let leader = await next.promise;
  for (let kill = 0; kill < KILLS; kill++) {
    // The others wait for the lock by then.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    next = Promise.withResolvers();
    const killed = performance.now();
    leader.process.kill("SIGKILL");
    workers.delete(leader);
    leader = await next.promise;
    const took = Math.round(performance.now() - killed);
    console.log(`  ${took} ms after the last leader was killed`);
    if (took > TOO_LATE) Deno.exitCode = 1;
  }
  for (const { process } of workers) process.kill("SIGKILL");
  await Promise.all(Array.from(workers, ({ gone }) => gone));
  await node.close();
  await server.shutdown();
}

if (import.meta.main) await main();
