import { describe, it } from "@std/testing/bdd";
import type { ConnectOptions, GuestNode } from "../../guest/mod.ts";
import { connectWith } from "../../guest/connect.ts";
import type { Runtime } from "../../lib/node/runtime/runtime.ts";
import type { ClusterNode, JoinOptions } from "../../mod.ts";
import type { MemoryNetwork } from "../../transports/memory.ts";
import type { LineUser } from "../../transports/guest_line.ts";

/**
 * The nodes of `startCluster` and `VirtualCluster.start`: members, or guests. Each guest then has a member in the
 * background that goes with it: they are cut off together, and that member has its options.
 */
export const nodeKind = { areGuests: false };

/** Bounds of guests that no test of a feature reaches. */
const LIMITS = {
  locks: 100_000,
  keys: 100_000,
  watches: 100_000,
  calls: 100_000,
  operations: 100_000,
  operationsPerSecond: 1_000_000,
  bytesPerSecond: 2 ** 30,
};

/** Options of members that serve guests. */
export const SERVING = { clients: true, guests: { limits: LIMITS } } as const;

/** The member in the background of the guest `id`. */
export function memberOf(id: string): string {
  return `m-${id}`;
}

/** The node that hosts singletons for the node `id`: guests host nothing, the members behind them do. */
export function hostOf(id: string): string {
  return nodeKind.areGuests ? memberOf(id) : id;
}

/** The name of a node in pids, and for values that are bound to it. */
export function nameOf(id: string): string {
  return nodeKind.areGuests ? `~${id}` : id;
}

/** A test that makes no sense for guests; `reason` says why. */
export function itOfMembers(name: string, _reason: string, body: () => void | Promise<void>): void {
  if (!nodeKind.areGuests) it(name, body);
}

/** A group of such tests. */
export function describeOfMembers(name: string, _reason: string, body: () => void): void {
  if (!nodeKind.areGuests) describe(name, body);
}

/** The names that a node has in a partition. */
export function namesOf(id: string): string[] {
  return nodeKind.areGuests ? [`~${id}`, memberOf(id)] : [id];
}

/** A guest in place of a node, and what cuts it off for good. */
export function joinAsGuest(
  id: string,
  options: Partial<Omit<JoinOptions, "id" | "transport">>,
  network: MemoryNetwork,
  servers: readonly string[],
  runtime: Runtime,
): { readonly node: ClusterNode; crash(): void } {
  const guests = network.guests(servers);
  let isDead = false;
  const deaf = (user: LineUser): LineUser => ({
    opened: () => isDead || user.opened(),
    received: (frame) => isDead || user.received(frame),
    ended: (end) => isDead || user.ended(end),
    ask: () => user.ask(),
  });
  const transport: ConnectOptions["transport"] = {
    ...guests,
    connect(server, guest, user) {
      const line = guests.connect(server, guest, deaf(user));
      return {
        send: (frame) => isDead || line.send(frame),
        expect: (isExpecting) => line.expect(isExpecting),
        close: (farewell) => isDead || line.close(farewell),
      };
    },
  };
  const { sessionTtl, timeout, callTimeout, signal } = options;
  const limits = { sessionTtl, timeout, callTimeout, signal };
  const node: GuestNode = connectWith({ id, transport, ...limits }, runtime);
  // The tests use what both kinds of nodes have.
  return { node: node as unknown as ClusterNode, crash: () => void (isDead = true) };
}
