import type { SynodError } from "../../errors.ts";
import type { Chosen } from "../../paxos/change.ts";
import { serves } from "../../paxos/guest_change.ts";
import type { KeptPromise, Proposer, ProposerOptions } from "../../paxos/proposer.ts";
import type { Operation } from "../runtime/operation.ts";
import type { ChangeOptions } from "./change_options.ts";
import type { CombinedResult, OwnResult, Part } from "./combine.ts";
import { noRoom } from "./no_room.ts";

/** A change that waits, or that is being proposed. */
export interface WaitingChange extends Part {
  readonly operation: Operation<Chosen<unknown>>;
  readonly options: ChangeOptions;
  /** The error for the lack of room that it has met so far. */
  full?: SynodError;
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

/** What the proposer of the changes in `batch` needs to know of them, and tells them. */
export function needsOf(
  batch: () => readonly WaitingChange[],
): Pick<
  ProposerOptions<unknown>,
  "mustWrite" | "writing" | "keepPromise" | "sweep" | "reserve" | "grows" | "spare"
> {
  return {
    // A change whose new state was sent once writes in every later attempt. One that joined may be later than what
    // the promises report: only a write shows that nothing was chosen in between.
    mustWrite: () =>
      batch().some((part) => part.options.mustWrite === true || part.wrote || part.joined),
    writing: (ballot) => {
      for (const part of batch()) {
        if (!part.writes || part.operation.ended) continue;
        part.wrote = true;
        part.options.writing?.(ballot);
      }
    },
    keepPromise: () => batch().some((part) => part.options.keepPromise === true),
    sweep: () => batch().every((part) => part.options.sweep === true),
    // A change that may use the reserve must not fail because of the other changes of its round.
    reserve: () => batch().some(usesReserve),
    grows: () => growthOf(batch()),
    spare: () => batch().every(({ options }) => options.takesOver === true) ? USUAL_GROWTH : 0,
  };
}

/** The error of a change at its deadline, if a lack of room alone is the cause; `shortage`: that of its proposer. */
export function lackOfRoom(
  { wrote, full, options }: WaitingChange,
  shortage: Proposer<unknown>["shortage"],
): SynodError | undefined {
  if (wrote || full !== undefined) return wrote ? undefined : full;
  if (shortage === undefined || options.reserve === true) return undefined;
  return noRoom(shortage.missing, shortage.silent);
}

/** Whether full members promise it from their reserve. */
export function usesReserve({ options }: WaitingChange): boolean {
  return options.reserve === true || options.sweep === true;
}

/** Bytes that a change adds if it tells of no value: an entry of a lock. */
const USUAL_GROWTH = 512;

/**
 * Bytes that are always asked for: what a state takes beside its value, as a rule (bindings, sessions, the writers of a
 * cell), and what joins a round that has begun.
 */
const LEAST_GROWTH = 4_096;

/** The most bytes that changes add to their register; `Infinity`: they need no room. */
function growthOf(batch: readonly WaitingChange[]): number {
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

/** The changes that go on where there is no room for all: those that need none, if others do. */
export function withoutGrowth(batch: readonly WaitingChange[]): WaitingChange[] {
  const others = batch.filter(usesReserve);
  return others.length < batch.length ? others : [];
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
