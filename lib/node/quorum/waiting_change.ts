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
): Pick<ProposerOptions<unknown>, "mustWrite" | "writing" | "keepPromise" | "sweep" | "reserve"> {
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
