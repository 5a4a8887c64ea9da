import { compareBallots, floorBallot, type Life } from "../../paxos/ballot.ts";
import type { StoredRegister } from "../../paxos/messages.ts";

/**
 * Whether a member has promised a register to another life than `life`, which has not used that yet; `undefined`: the
 * member holds nothing about it. A promise that came with what was accepted is kept for later, and is no attempt.
 * A rival that is refused by each new attempt might be refused for ever; but most promises are of attempts that ended
 * without a write, so only a register that others write lately has rivals.
 */
export function hasRival(register: StoredRegister | undefined, life: Life): boolean {
  if (register === undefined) return false;
  const { promised, accepted } = register;
  if (promised.life === life || promised.life === floorBallot(0).life) return false;
  if (accepted === null) return true;
  if (compareBallots(promised, accepted.ballot) <= 0) return false;
  const { ballot, fast } = accepted;
  // The votes of the others may still be missing.
  if (fast === true) return true;
  return promised.life !== ballot.life || promised.counter !== ballot.counter + 1;
}
