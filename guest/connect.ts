import { type Runtime, systemRuntime } from "../lib/node/runtime/runtime.ts";
import { makeLife } from "../lib/paxos/ballot.ts";
import { checkOptions, type ConnectOptions } from "./connect_options.ts";
import { GuestNode } from "./guest_node.ts";

/**
 * Connects a guest to a cluster: a browser or an edge function that has no vote and no secret of the cluster.
 * Resolves at once; each operation waits for a server itself. Rejects with a `TypeError` that names a bad
 * option.
 */
// deno-lint-ignore require-await -- misuse rejects
export async function connect(options: ConnectOptions): Promise<GuestNode> {
  return connectWith(options, systemRuntime());
}

/** Connects with another runtime, such as a simulation's clock, timers and randomness. */
export function connectWith(options: ConnectOptions, runtime: Runtime): GuestNode {
  const life = makeLife(runtime.wallNow(), () => runtime.random());
  const node = new GuestNode({ ...checkOptions(options, runtime), life }, runtime);
  node.open();
  return node;
}
