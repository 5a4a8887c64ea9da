import type { Life } from "../../lib/paxos/ballot.ts";

/** A vote, as the reply to a proposer shows it. */
export interface CastVote {
  /** The id of the member. */
  readonly member: string;
  /** The incarnation in which it has voted. */
  readonly incarnation: Life;
  /** The highest incarnation of each node that it knew then. */
  readonly crashes: ReadonlyMap<string, Life>;
}

/**
 * Whether a proposer may count votes of `needed` members together (section 7): none of them knew of a later incarnation of
 * another one than the one that has voted. It does not matter whether the memory of a vote is still there: the process may
 * have ended since, and its successor may already vote, with a copy of what the others had accepted before they heard of it.
 */
export function mayBeCounted(votes: readonly CastVote[], needed: number): boolean {
  if (new Set(votes.map(({ member }) => member)).size < needed) return false;
  for (const one of votes) {
    const other = votes.find((vote) => vote !== one && excludes(one, vote));
    if (other === undefined) continue;
    return [one, other].some((left) => mayBeCounted(votes.filter((vote) => vote !== left), needed));
  }
  return true;
}

/** Whether `one` is known to be after another memory of the member of `other`, or is of that member itself. */
function excludes(one: CastVote, other: CastVote): boolean {
  return one.member === other.member ||
    (one.crashes.get(other.member) ?? "") > other.incarnation;
}
