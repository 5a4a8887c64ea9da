import type { SynodError } from "../../errors.ts";
import type { Chosen } from "../../paxos/change.ts";
import type { Operation } from "../runtime/operation.ts";
import type { ChangeOptions } from "./change_options.ts";
import type { Part } from "./combine.ts";

/** A change that waits, or that is being proposed. */
export interface WaitingChange extends Part {
  readonly operation: Operation<Chosen<unknown>>;
  readonly options: ChangeOptions;
  /** The error for the lack of room that it has met so far. */
  full?: SynodError;
}

/** Whether a change may be the first message of its operation, and has nothing to undo. */
export function mayBeFast({ wrote, options }: WaitingChange): boolean {
  return options.fast === true && options.mustWrite !== true && !wrote;
}

/** Whether full members promise it from their reserve. */
export function usesReserve({ options }: WaitingChange): boolean {
  return options.reserve === true || options.sweep === true;
}
