import type { SynodError } from "../../errors.ts";
import type { Chosen } from "../../paxos/change.ts";
import type { Operation } from "../runtime/operation.ts";
import type { ChangeOptions } from "./change_options.ts";
import type { CombinedResult, OwnResult, Part } from "./combine.ts";

/** A change that waits, or that is being proposed. */
export interface WaitingChange extends Part {
  readonly operation: Operation<Chosen<unknown>>;
  readonly options: ChangeOptions;
  /** The error for the lack of room that it has met so far. */
  full?: SynodError;
  /** Whether it came after the running attempt had begun. */
  joined?: boolean;
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
