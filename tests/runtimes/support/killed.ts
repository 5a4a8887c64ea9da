/**
 * A program for Deno: three members serve WebSocket, child processes join as clients and own a lock, and are
 * killed; the parent reports each one when it has exited. It prints the times from the kill until the next
 * owner has the lock, without those in which the process stood still, as one line of JSON. With a port as its argument it is such a child.
 *
 * @module
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { join, type JoinOptions } from "../../../mod.ts";
import { webSocket } from "../../../transports/websocket.ts";
import { SteadyClock } from "../../support/steady_clock.ts";

const MEMBERS = ["w1", "w2", "w3"];
const [rounds = "3", ...ports] = Deno.args;
const common = { secret: "tBq8gk0cJmQb3n1Vh0y5xw2Zr7Ls9FdE", cluster: "killed" };

async function becomeChild(): Promise<never> {
  const peers = Object.fromEntries(
    MEMBERS.map((id, index) => [id, `ws://127.0.0.1:${ports[index]}/synod`]),
  );
  const node = await join({
    id: `child-${Deno.pid}`,
    members: MEMBERS,
    transport: webSocket({ ...common, peers }),
  });
  await node.lock("child");
  console.log(node.life);
  return await new Promise(() => {});
}

if (ports.length > 0) await becomeChild();

const servers = MEMBERS.map((id) => {
  const app = new Hono();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  return { id, app, server: Deno.serve(options, (request) => app.fetch(request)) };
});
const urls = Object.fromEntries(
  servers.map(({ id, server }) => [id, `ws://127.0.0.1:${server.addr.port}/synod`]),
);
const nodes = await Promise.all(servers.map(async ({ id, app }) => {
  const { [id]: _, ...peers } = urls;
  const transport = webSocket({ ...common, peers, upgradeWebSocket });
  app.route("/synod", transport.routes);
  const options: JoinOptions = { id, members: MEMBERS, clients: true, transport };
  return await join(options);
}));
await Promise.all(nodes.map((node) => node.ready));
const [parent, next] = nodes;

/** Starts a child; resolves to its life once it owns the lock. */
async function startChild(): Promise<{ child: Deno.ChildProcess; life: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--allow-net", "--allow-read", new URL(import.meta.url).pathname],
      rounds,
      ...servers.map(({ server }) => `${server.addr.port}`),
    ],
    stdout: "piped",
  }).spawn();
  let text = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes("\n")) text += (await reader.read()).value ?? "";
  reader.cancel();
  return { child, life: text.trim() };
}

const took: number[] = [];
const exits: number[] = [];
while (took.length < Number(rounds)) {
  const { child, life } = await startChild();
  const waiting = next.lock("child");
  await new Promise((resolve) => setTimeout(resolve, 100));
  const clock = new SteadyClock();
  const measured = clock.measure();
  const begun = clock.now;
  child.kill("SIGKILL");
  const reported = child.status.then(async () => {
    exits.push(clock.now - begun);
    return await parent.reportExit(life);
  });
  const lock = await waiting;
  took.push(measured());
  await reported;
  await lock.release();
}
console.log(JSON.stringify({ took, exits }));
await Promise.all(nodes.map((node) => node.close()));
await Promise.all(servers.map(({ server }) => server.shutdown()));
