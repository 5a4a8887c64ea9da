/**
 * A program for every runtime: joins, works and closes in one thread, and does not call exit. With the
 * argument `stay`, it leaves one node open.
 *
 * @module
 */
import { join } from "../../../mod.ts";
import { broadcastChannel } from "../../../transports/broadcast_channel.ts";

const args = "Deno" in globalThis ? Deno.args : (await import("node:process")).argv;
const stay = args.includes("stay");
const timeout = 500; // the last node to close has no quorum
const patient = { timeout: 20_000 }; // a process that has just begun may not get its turn for a while
const members = ["w1", "w2", "w3"];
const channel = `leave ${crypto.randomUUID()}`;
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: broadcastChannel(channel), timeout })),
);
const [w1, w2, w3] = nodes;
const put = await w1.kv.put("greeting", "hello", patient);
const claim = await w2.kv.claim("greeting", "good morning", { node: w2.id, ...patient });

// Pending operations and owned values must not keep the process alive.
const watching = (async () => {
  for await (const _change of w3.kv.watch("greeting"));
})();
const process = w3.spawn(({ signal }) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
);
await w3.kv.put("owned", "by a process", { pid: process, ...patient });

// A node that never finds its cluster.
const alone = await join({
  id: "lonely",
  members: ["lonely", "missing", "absent"],
  transport: broadcastChannel(`alone ${channel}`),
  timeout,
});
const waiting = alone.kv.get("anything", { noQuorum: "retry" }).catch((error) => error.code);

await alone.close();
for (const node of stay ? [w1, w2] : nodes) await node.close();
if (!stay) await watching;
console.log(JSON.stringify({ put, claim: claim.ok && claim.value.value, waiting: await waiting }));
