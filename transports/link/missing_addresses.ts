import type { TransportUser } from "../transport.ts";

/** Tells the node of each member without an address in `peers`: it is reached only if it connects by itself. */
export function tellMissingAddresses(
  transport: string,
  self: string,
  peers: ReadonlyMap<string, URL>,
  user: TransportUser | undefined,
): void {
  for (const member of user?.members ?? []) {
    if (member === self || peers.has(member)) continue;
    user?.failed?.(member, `${transport}: peers has no address of it, and it has not connected`);
  }
}
