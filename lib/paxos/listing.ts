import type { AcceptorEntry, Outline } from "./acceptor_types.ts";
import type { ListedRegister, RegisterReply } from "./messages.ts";
import { PIECE_ENTRIES } from "./pieces.ts";
import type { Accepted, RegisterId, SessionId } from "./register.ts";

/** Stale sessions that a list names for one register; a register with more of them has to be read. */
const MAX_LISTED_STALE = 4;

/** What an acceptor tells of one register. */
export interface AcceptorReport {
  /** What it accepted last; `null`: nothing. */
  readonly accepted: Accepted | null;
  /** Whether it only copied that. */
  readonly copied: boolean;
  /** Its floor, if it accepted nothing; else 0. */
  readonly floor: number;
  /** The owners of the state that it believes expired. */
  readonly stale: SessionId[];
}

/** What an acceptor with this floor tells of the register with this entry. */
export function reportOf(
  entry: AcceptorEntry | undefined,
  floor: number,
  isStale: (session: SessionId) => boolean,
): AcceptorReport {
  const accepted = entry?.accepted ?? null;
  if (entry === undefined || accepted === null) {
    return { accepted: null, copied: false, floor, stale: [] };
  }
  const { state } = accepted;
  const stale = state.present ? state.owners.filter(isStale) : [];
  return { accepted, copied: entry.copied, floor: 0, stale };
}

/** Those of these registers that an acceptor has accepted a state for: as many as fit into one reply. */
export function listPiece(
  names: Iterable<RegisterId>,
  entries: ReadonlyMap<RegisterId, AcceptorEntry>,
  isStale: (session: SessionId) => boolean,
): RegisterReply {
  const registers: ListedRegister[] = [];
  for (const register of names) {
    const entry = entries.get(register);
    if (!entry?.outline) continue;
    if (registers.length >= PIECE_ENTRIES) return { type: "listed", registers, more: true };
    registers.push(listed(register, entry.outline, entry.copied, isStale));
  }
  return { type: "listed", registers, more: false };
}

/** What a list tells of a register with this accepted state; `isStale`: whether a session looks expired. */
export function listed(
  register: RegisterId,
  { ballot, state, fast }: Outline,
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
    fast: fast === true,
  };
}
