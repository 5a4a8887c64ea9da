/**
 * A cluster that grows from one node to three and shrinks to one again, while it works:
 *
 *     deno task example:growing
 *
 * Orders are put all the time, by the first node. It begins alone, gets two more members, and is then removed itself: in
 * the end the last node alone has what the first one had. No order fails, none is lost, and their tokens grow. The exit
 * code is 1 if that is not so.
 *
 * No node is told the addresses of new members: `peers` says by a rule where a node is.
 *
 * Start reading at `main`.
 *
 * @module
 */
import { Hono } from "hono";
import { upgradeWebSocket } from "hono/deno";
import { type ClusterNode, join } from "../../mod.ts";
import { webSocket } from "../../transports/websocket.ts";

/** The secret of this cluster. In production it comes from a secret store. */
const SECRET = "kQ7fN2rVx9TzLc4WmJ8hYb3GdPs6EaUo";

/** Time between two orders, in milliseconds. */
const PAUSE = 20;

/** Where each node is. In production a rule: `wss://${id}.synod.example/synod`. */
const addresses = new Map<string, string>();

/** A node, and the server that the other nodes connect to. */
interface Server {
  readonly node: ClusterNode;
  readonly stop: () => Promise<void>;
}

/** Starts a node of the cluster of `members`: as one of them, or as one that may become a member. */
async function start(id: string, members: string[]): Promise<Server> {
  const peers = (member: string) => addresses.get(member) ?? null;
  const transport = webSocket({ peers, secret: SECRET, upgradeWebSocket });
  const app = new Hono().route("/synod", transport.routes);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  addresses.set(id, `ws://127.0.0.1:${server.addr.port}/synod`);
  // Each step of a change takes at least the longest session: one second here.
  const node = await join({ id, members, transport, clients: true, sessionTtl: 1_000 });
  const stop = async () => {
    await node.close();
    await server.shutdown();
  };
  return { node, stop };
}

/** Puts one order after the other until `signal` aborts; returns how many there are. */
async function work({ kv }: ClusterNode, signal: AbortSignal): Promise<number> {
  let orders = 0;
  for (; !signal.aborted; orders++) {
    const put = await kv.put(`order/${orders}`, orders, { timeout: 30_000 });
    if (!put.ok) throw new Error(`order ${orders} failed: ${put.error}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return orders;
}

/** The orders that a node knows, in the order of their tokens. */
async function ordersOf({ kv }: ClusterNode): Promise<number[]> {
  const entries = await kv.entries<number>(undefined, { timeout: 30_000 });
  if (!entries.ok) throw new Error(entries.error);
  return entries.value.sort((a, b) => a.token - b.token).map(({ value }) => value);
}

async function main(): Promise<void> {
  const w1 = await start("w1", ["w1"]);
  await w1.node.ready;
  const done = new AbortController();
  const working = work(w1.node, done.signal);
  working.catch(() => {});
  console.log("w1 works alone");

  // New nodes are clients at first. They ask the living members, and follow the list of the cluster.
  const [w2, w3] = [await start("w2", ["w1"]), await start("w3", ["w1"])];
  await Promise.all([w2.node.ready, w3.node.ready]);
  await w1.node.changeMembers(["w1", "w2", "w3"]);
  console.log(`the members are ${w1.node.members}`);

  // Any node may change the members. Those that are removed go on as clients.
  await w3.node.changeMembers(["w3"]);
  console.log(`the member is ${w3.node.members}`);

  done.abort();
  const orders = await working;
  await w1.stop();
  await w2.stop();
  // Only what a member keeps is left.
  const kept = await ordersOf(w3.node);
  console.log(`${orders} orders, of which w3 has ${kept.length}`);
  if (kept.length !== orders || kept.some((order, index) => order !== index)) Deno.exitCode = 1;
  await w3.stop();
}

if (import.meta.main) await main();
