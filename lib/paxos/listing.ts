import type { ListedRegister } from "./messages.ts";
import type { Accepted, RegisterId, SessionId } from "./register.ts";

/** Stale sessions that a list names for one register; a register with more of them has to be read. */
const MAX_LISTED_STALE = 4;

/** What a list tells of a register with this accepted state; `isStale`: whether a session looks expired. */
export function listed(
  register: RegisterId,
  { ballot, state }: Accepted,
  copied: boolean,
  isStale: (session: SessionId) => boolean,
): ListedRegister {
  const { present } = state;
  const bindings = present ? state.bindings : [];
  const owners = present ? state.owners : [];
  const stale = owners.filter(isStale);
  const isLong = stale.length > MAX_LISTED_STALE;
  const bound = isLong || bindings.some(({ kind }) => kind === "key");
  const times = bindings.map((binding) => binding.kind === "until" ? binding.time : Infinity);
  const until = Math.min(...times);
  return {
    ...{ register, ballot, present, copied, bound, owners: owners.length },
    until: until === Infinity ? null : until,
    stale: isLong ? [] : stale,
  };
}
