import type { MemberState } from "../../paxos/genesis.ts";
import type { Place } from "../../paxos/place.ts";

/**
 * The state of a member by its place in the cluster, `null` before it knows one; `founds`: it is in the list that it was
 * given. `null`: it is no member, as far as it knows.
 */
export function memberState(place: Place | null, founds: boolean): MemberState | null {
  switch (place?.standing) {
    case undefined:
      return founds ? "blank" : null;
    case "votes":
      return "operational";
    case "recovers":
    case "joins":
      return "recovering";
    default:
      return null;
  }
}
