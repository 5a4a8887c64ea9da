import type {
  GuestEvent,
  GuestLockEntry,
  GuestOperation,
  GuestOutcome,
} from "../codec/guest_messages.ts";
import type { LockTable } from "../locks/lock_table.ts";
import { labeled, permitted } from "../locks/options.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { Ballot } from "../paxos/ballot.ts";
import { beginFor, guestChange, type GuestOrigin } from "../paxos/guest_change.ts";
import type { LockEntry, LockResult } from "../paxos/lock_register.ts";
import type { RegisterChange } from "../paxos/change.ts";
import type { SessionId } from "../paxos/register.ts";
import type { LockFollowers } from "./lock_followers.ts";

/** What locks of a guest work with. */
export interface GuestLockParts {
  readonly core: Core;
  readonly table: LockTable;
  readonly followers: LockFollowers;
  /** The guest as `~id`, and its session of a number. */
  readonly name: string;
  readonly sessionOf: (number: number) => SessionId;
}

type LockOperation = GuestOperation & { readonly type: "lock" };

/**
 * Requests a lock for a guest and waits for it. `number` is that of the operation, and of the request. Reports
 * when the request is in the queue.
 */
export async function runLock(
  parts: GuestLockParts,
  operation: LockOperation,
  number: number,
  origin: GuestOrigin,
  limits: Limits,
  report: (event: GuestEvent) => void,
): Promise<GuestOutcome> {
  const { core, table, name, sessionOf } = parts;
  const { register, seq, mode, permits, ifAvailable, steal, asked, label } = operation;
  const session = sessionOf(operation.session);
  let firstAccept = beginFor(core.clock, origin);
  const unnamed = { pid: { node: name, session, seq }, request: number, mode, token: 0 };
  const entry = { ...unnamed, ...permitted(permits), since: asked, ...labeled(label) };
  const change: RegisterChange<LockResult> = (current) => {
    const { state, token } = current;
    // A state that was written over one from before the first `accept` shows that the request was never chosen.
    const since = state?.present ? state.over : token;
    const sent = firstAccept !== undefined && since >= firstAccept;
    return table.change(register, { type: "request", entry, ifAvailable, steal, sent })(current);
  };
  const propose = () =>
    core.proposals.change(register, guestChange(change, origin), {
      ...limits,
      since: origin.since,
      mustWrite: origin.again,
      keepPromise: true,
      ignoreKeptPromise: steal,
      writing: ({ counter }: Ballot) => void (firstAccept ??= counter),
    });
  let chosen = await propose();
  if (chosen.result.kind !== "granted" && chosen.stale.length > 0) {
    // The session of an owner in the way may have ended: then its entries are removed at once.
    const tidied = await table.tidied(register, chosen, limits);
    if (tidied !== chosen) chosen = await propose();
  }
  const { result, ballot } = chosen;
  switch (result.kind) {
    case "granted":
      return granted(result.token, ballot);
    case "queued":
      report({ type: "queued" });
      return await parts.followers.follow({ register, session, number }, ballot, true, limits);
    case "unavailable":
      return { type: "refused" };
    case "queue_full":
      return { type: "queueFull" };
    case "ended":
      return { type: "lost" };
    default:
      return { type: "stolen" };
  }
}

/** Waits until the lock that a request holds is stolen. */
export async function runGuard(
  parts: GuestLockParts,
  { register, session, request, counter, life }: GuestOperation & { readonly type: "guard" },
  limits: Limits,
): Promise<GuestOutcome> {
  const wanted = { register, session: parts.sessionOf(session), number: request };
  return await parts.followers.follow(wanted, { counter, life }, false, limits);
}

/** Removes a request from the holders and the queue. */
export async function runUnlock(
  { core, table, sessionOf }: GuestLockParts,
  { register, session, request, unsure }: GuestOperation & { readonly type: "unlock" },
  origin: GuestOrigin,
  limits: Limits,
): Promise<GuestOutcome> {
  beginFor(core.clock, origin);
  const order = { type: "release", session: sessionOf(session), request } as const;
  const options = { ...limits, since: origin.since, mustWrite: unsure };
  const change = guestChange(table.change(register, order), origin);
  await core.proposals.change(register, change, { ...options, retryAtOnce: true, reserve: true });
  return { type: "done" };
}

/** The entry of a lock in the form in which it travels. */
export function toGuestEntry(
  { pid, mode, permits = 0, token, since = 0, label = "" }: LockEntry,
): GuestLockEntry {
  return { session: pid.session, seq: pid.seq, mode, permits, token, since, label };
}

function granted(token: number, { counter, life }: Ballot): GuestOutcome {
  return { type: "granted", token, counter, life };
}
