/**
 * A program of a user of the npm package: it is compiled against the installed package, and run. Three
 * nodes in one process agree, take turns, and share a singleton; a guest asks them.
 *
 * @module
 */
import { type ClusterNode, join, type Lock, type Result, SynodError } from "@synod/synod";
import { connect, type GuestNode } from "@synod/synod/guest";
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
  members.map((id) => {
    const transport = network.transport();
    return join({ id, members, transport, hosts: [Counter], clients: true, guests: {} });
  }),
);
const [w1, w2, w3] = nodes;

const put: Result<string, "invalid_value" | "no_quorum"> = await w1.kv.put("greeting", "hello");
const lock: Lock = await w2.lock("orders/42");
const { token, held } = lock;
await lock.release();
const counter = w3.name("apples", Counter, 7);
const counts: number[] = [await counter.inc(), await counter.inc()];

const guest: GuestNode = await connect({ id: "page", transport: network.guests(members) });
const seen: Result<unknown, "not_found" | "no_quorum"> = await guest.kv.get("greeting");
await guest.close();

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
console.log(
  JSON.stringify({ put, seen, token, held, counts, wrong, others, error: SynodError.name }),
);
