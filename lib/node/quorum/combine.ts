import type { Life } from "../../paxos/ballot.ts";
import { InvariantError } from "../../paxos/invariant.ts";
import {
  completed,
  type CurrentState,
  type Decision,
  type Draft,
  type RegisterChange,
} from "../../paxos/change.ts";

/** One of the changes that are proposed together. */
export interface Part {
  readonly change: RegisterChange<unknown>;
  /** Whether its latest decision was a new state. */
  writes?: boolean;
  /** Whether a new state that it decided was ever sent to a member. */
  wrote: boolean;
}

/** The result of one of the changes, or the error that it threw. */
export type OwnResult = { readonly value: unknown } | { readonly error: unknown };

/** The results of the changes that were applied. */
export interface CombinedResult {
  readonly results: ReadonlyMap<Part, OwnResult>;
}

/**
 * Applies changes one after the other, as if each had been chosen before the next began. All that is written in
 * one round has one token, and tokens must grow from one present value to the next. So a round ends before a
 * change that would replace a value written in this same round. Changes that manage the tokens inside their
 * values themselves may set `merges`.
 */
export function combine(parts: readonly Part[], current: CurrentState): Decision<CombinedResult> {
  const results = new Map<Part, OwnResult>();
  let draft: Draft | null = null;
  let complete: (() => Draft) | undefined;
  let heir: Life | undefined;
  let { state, token, note } = current;
  /** Whether `draft` is not in `state` yet: only the next change has to see it there, and most rounds have one. */
  let isAhead = false;
  // Also of those that are left for another round: they may have been part of an earlier attempt.
  for (const part of parts) part.writes = false;
  for (const part of parts) {
    if (isAhead && draft !== null) {
      state = completed(draft, current.ballot.counter, current.token);
      token = current.ballot.counter;
      isAhead = false;
    }
    let decision: Decision<unknown>;
    try {
      decision = part.change({ state, token, ballot: current.ballot, note });
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      // The error concerns this one change, not the others.
      results.set(part, { error });
      continue;
    }
    if (decision.later) break;
    if (decision.draft !== null) {
      if (draft?.present && !decision.merges) break;
      draft = decision.draft;
      complete = decision.complete;
      note = decision.note;
      heir = decision.heir;
      isAhead = true;
      part.writes = true;
    }
    results.set(part, { value: decision.result });
  }
  return { draft, complete, heir, result: { results } };
}
