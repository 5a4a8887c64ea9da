import type { SynodError } from "../../errors.ts";
import type { Chosen } from "../../paxos/change.ts";
import { serves } from "../../paxos/guest_change.ts";
import type { KeptPromise, Proposer } from "../../paxos/proposer.ts";
import type { Operation } from "../runtime/operation.ts";
import type { ChangeOptions } from "./change_options.ts";
import type { CombinedResult, OwnResult, Part } from "./combine.ts";
import { noRoom } from "./no_room.ts";

/** A change that waits, or that is being proposed. */
export interface WaitingChange extends Part {
  readonly operation: Operation<Chosen<unknown>>;
  readonly options: ChangeOptions;
  /** The error for the lack of room that it has met, unless members have promised room since, or do not answer. */
  full?: SynodError | undefined;
  /** When members that make room had none for it last. */
  fullAt?: number;
  /** When its wait for that room began. */
  fullSince?: number;
  /** Whether it came after the running attempt had begun. */
  joined?: boolean;
}

/** Whether a change may be the first message of its operation, and has nothing to undo. */
export function mayBeFast({ wrote, options }: WaitingChange): boolean {
  const { fast, mustWrite, since } = options;
  return fast === true && mustWrite !== true && since === undefined && !wrote;
}

/** Whether a change may be made with a promise that is kept for its register. */
export function mayUse({ options }: WaitingChange, { ballot }: KeptPromise): boolean {
  const { ignoreKeptPromise, since = 0 } = options;
  return ignoreKeptPromise !== true && serves(ballot.counter, { since });
}

/** The error of a change at its deadline, if a lack of room alone is the cause; `shortage`: that of its proposer. */
export function lackOfRoom(
  change: WaitingChange,
  shortage: Proposer<unknown>["shortage"],
): SynodError | undefined {
  const { wrote, full } = change;
  if (wrote || full !== undefined) return wrote ? undefined : full;
  if (shortage === undefined || usesReserve(change)) return undefined;
  return noRoom(shortage.missing, shortage.silent);
}

/** The need of a change that adds something. */
export const MOST_NEED = 2;

/** How much room a change needs: members take each sweep, and what adds nothing as long as they have a reserve. */
export function needOf({ options }: WaitingChange): number {
  if (options.sweep === true) return 0;
  return options.reserve === true ? 1 : MOST_NEED;
}

/** The most need of a change of this round. */
export function mostNeed(round: readonly WaitingChange[]): number {
  return round.reduce((most, change) => Math.max(most, needOf(change)), 0);
}

/** The changes of this round that have the most need. */
export function neediest(round: readonly WaitingChange[]): readonly WaitingChange[] {
  const most = mostNeed(round);
  return round.filter((change) => needOf(change) === most);
}

/** Whether full members promise it from their reserve. */
export function usesReserve(change: WaitingChange): boolean {
  return needOf(change) < MOST_NEED;
}

/** Bytes that a change adds if it tells of no value: an entry of a lock. */
export const USUAL_GROWTH = 512;

/**
 * Bytes that are always asked for: what a state takes beside its value, as a rule (bindings, sessions, the writers of a
 * cell), and what joins a round that has begun.
 */
const LEAST_GROWTH = 4_096;

/** The most bytes that changes add to their register; `Infinity`: they need no room. */
export function growthOf(batch: readonly WaitingChange[]): number {
  const growing = batch.filter((part) => !usesReserve(part));
  if (growing.length === 0) return Infinity;
  // Of several values in one round only one is written.
  let [value, others] = [0, 0];
  for (const { options: { valueBytes } } of growing) {
    if (valueBytes === undefined) others += USUAL_GROWTH;
    else value = Math.max(value, valueBytes);
  }
  return value + Math.max(LEAST_GROWTH, others);
}

/** Whether others wait for it, so that a first nack is no reason to wait. */
export function isAwaited({ options }: WaitingChange): boolean {
  return options.retryAtOnce === true;
}

/** The changes of a round that were applied in it, with their results, and the others. */
export function split(batch: readonly WaitingChange[], { results }: CombinedResult): {
  readonly applied: (readonly [part: WaitingChange, own: OwnResult])[];
  readonly left: WaitingChange[];
} {
  const applied: (readonly [part: WaitingChange, own: OwnResult])[] = [];
  const left: WaitingChange[] = [];
  for (const part of batch) {
    const own = results.get(part);
    if (own === undefined) left.push(part);
    else applied.push([part, own]);
  }
  return { applied, left };
}
