import type { Change, Current, Decision, Draft } from "../paxos/proposer.ts";
import type { State } from "../paxos/register.ts";

/** One of the changes that are proposed together. */
export interface Part {
  readonly change: Change<unknown>;
  /** Whether its latest decision was a new state. */
  writes?: boolean;
  /** Whether a new state that it decided was ever sent to anybody. */
  wrote: boolean;
}

/** The results of those that were applied. */
export interface CombinedResult {
  readonly results: ReadonlyMap<Part, unknown>;
}

/**
 * Applies changes one after the other, as if each had been chosen before the next began. All that is
 * written in one round has one token, and tokens must grow from one present value to the next: so a
 * round ends before a change that would replace a value that was written in this same round.
 */
export function combine(parts: readonly Part[], current: Current): Decision<CombinedResult> {
  const results = new Map<Part, unknown>();
  let draft: Draft | null = null;
  let { state, token } = current;
  for (const part of parts) {
    part.writes = false;
    const decision = part.change({ state, token, ballot: current.ballot });
    if (decision.draft !== null) {
      if (draft?.present) break;
      draft = decision.draft;
      state = virtualState(draft, current.ballot.counter, token);
      token = current.ballot.counter;
      part.writes = true;
    }
    results.set(part, decision.result);
  }
  return { draft, result: { results } };
}

function virtualState(draft: Draft, token: number, over: number): State {
  return draft.present ? { ...draft, token, over } : { present: false, token };
}
