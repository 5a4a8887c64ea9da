import { plainRuntime, type Runtime } from "../lib/node/runtime/runtime.ts";
import { makeLife } from "../lib/paxos/ballot.ts";
import type { GuestTransport } from "../transports/guest_line.ts";
import {
  type CheckedOptions,
  checkOptions,
  checkTransport,
  type ConnectOptions,
} from "./connect_options.ts";
import { GuestNode } from "./guest_node.ts";
import { serverTransport } from "./servers.ts";

/**
 * Connects a guest to a cluster: a browser or an edge function that has no vote and no secret of the cluster.
 * Resolves without waiting for a server; each operation does that itself. Rejects with a `TypeError` that names a
 * bad option.
 *
 * @example A server and a guest in one process; a page passes `servers` and `token` in place of `transport`
 * ```ts
 * import { join } from "@synod/synod";
 * import { connect } from "@synod/synod/guest";
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const network = memoryNetwork();
 * const rights = { clients: true, guests: {} };
 * const server = await join({ id: "w1", members: ["w1"], transport: network.transport(), ...rights });
 * const guest = await connect({ id: "page", transport: network.guests(["w1"]) });
 * console.log(await guest.kv.put("leader", guest.id)); // { ok: true, value: "page" }
 * await guest.close();
 * await server.close();
 * ```
 */
export async function connect(options: ConnectOptions): Promise<GuestNode> {
  const checked = checkOptions(options);
  const runtime = plainRuntime();
  const transport = options.transport === undefined
    ? await serverTransport(options, checked.sessionTtl, runtime)
    : checkTransport(options);
  return open(checked, transport, runtime);
}

/** Connects over `transport` with another runtime, such as a simulation's clock, timers and randomness. */
export function connectWith(
  options: ConnectOptions & { readonly transport: GuestTransport },
  runtime: Runtime,
): GuestNode {
  return open(checkOptions(options), checkTransport(options), runtime);
}

function open(checked: CheckedOptions, transport: GuestTransport, runtime: Runtime): GuestNode {
  const life = makeLife(runtime.wallNow(), () => runtime.random());
  const node = new GuestNode({ ...checked, transport, life }, runtime);
  node.open();
  return node;
}
