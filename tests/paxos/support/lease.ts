import { type ClockReading, Lease, type LeaseOptions } from "../../../lib/paxos/lease.ts";
import { Tally } from "../../../lib/paxos/quorum.ts";
import { GRANT_SHARE } from "../../../lib/paxos/sessions.ts";

/** A lease with fine clocks, in a cluster whose longest time to live is that of the session. */
export function makeLease(
  session: string,
  ttl: number,
  members: readonly string[],
  options: Partial<LeaseOptions> = {},
): Lease {
  const tally = () => new Tally<true>(members);
  const usual = { ttl, tally, grantWithin: GRANT_SHARE * ttl, clockError: () => 0 };
  return new Lease(session, { ...usual, ...options });
}

/** Whether it was granted and its deadline has not passed, at the time `at`. */
export function isValid(lease: Lease, at: ClockReading): boolean {
  return lease.remaining(at) > 0;
}
