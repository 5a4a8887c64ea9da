/**
 * A program of a user of the npm package: it is compiled against the installed package, and run. Three
 * nodes in one process agree, take turns, and share a singleton.
 *
 * @module
 */
import { type ClusterNode, join, type Lock, type Result, SynodError } from "@synod/synod";
import { compareBallots } from "@synod/synod/paxos";
import { broadcastChannel } from "@synod/synod/transports/broadcast-channel";
import { http } from "@synod/synod/transports/http";
import { memoryNetwork } from "@synod/synod/transports/memory";
import { nodeToken, webSocket } from "@synod/synod/transports/websocket";

const Counter = {
  id: "counter",
  start: (_context: unknown, first = 1) => {
    let next = first;
    return { inc: (): number => next++ };
  },
};
const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes: ClusterNode[] = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport(), hosts: [Counter] })),
);
const [w1, w2, w3] = nodes;

const put: Result<string, "invalid_value" | "no_quorum"> = await w1.kv.put("greeting", "hello");
const lock: Lock = await w2.lock("orders/42");
const { token, held } = lock;
await lock.release();
const counter = w3.name("apples", Counter, 7);
const counts: number[] = [await counter.inc(), await counter.inc()];

// Errors that a compiler must report if the types are complete.
// @ts-expect-error -- there is no such option
const refused = join({ id: "w1", members, transport: network.transport(), sesionTtl: 1 });
// @ts-expect-error -- a count is a number
const wrong: string = counts[0];
// @ts-expect-error -- `Hono` is known: a handler must answer
http({ insecure: true }).routes.get("/", (context) => context.nothing());

await refused.then((node) => node.close(), () => {});
for (const node of nodes) await node.close();
const others = [broadcastChannel, webSocket, nodeToken, compareBallots].map((value) =>
  typeof value
);
console.log(JSON.stringify({ put, token, held, counts, wrong, others, error: SynodError.name }));
