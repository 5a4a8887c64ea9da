import { type Ballot, compareBallots, NO_BALLOT } from "./ballot.ts";
import { type Sender, Tally } from "./quorum.ts";
import type { State } from "./register.ts";

/** So many ballots of one register are counted at the same time: the highest ones. */
const MAX_BALLOTS = 8;

/** A state that is chosen, and the ballot at which a quorum accepted it. */
export interface Learned {
  /** The ballot at which a quorum accepted it. */
  readonly ballot: Ballot;
  /** What is chosen. */
  readonly state: State | null;
}

/**
 * Learns what is chosen for one register from what acceptors say that they accepted (Lamport, *Paxos
 * Made Simple*, section 2.3): the same ballot from a crash-consistent quorum. It never goes back.
 */
export class Learner {
  readonly #members: readonly string[];
  readonly #tallies: { ballot: Ballot; tally: Tally<true> }[] = [];
  #known: Ballot = NO_BALLOT;

  /** Learns from `members`. */
  constructor(members: readonly string[]) {
    this.#members = members;
  }

  /** An acceptor said that it accepted `state` at `ballot`: what is chosen now, if that is news. */
  receive(sender: Sender, ballot: Ballot, state: State): Learned | undefined {
    if (compareBallots(ballot, this.#known) <= 0) return undefined;
    let counted = this.#tallies.find((other) => compareBallots(other.ballot, ballot) === 0);
    if (counted === undefined) {
      counted = { ballot, tally: new Tally(this.#members) };
      this.#tallies.push(counted);
      this.#tallies.sort((a, b) => compareBallots(b.ballot, a.ballot));
      this.#tallies.length = Math.min(this.#tallies.length, MAX_BALLOTS);
    }
    if (!counted.tally.add(sender, true)) return undefined;
    return this.learn(ballot) ? { ballot, state } : undefined;
  }

  /** Notes what is known to be chosen at `ballot` from elsewhere; says whether that is news. */
  learn(ballot: Ballot): boolean {
    if (compareBallots(ballot, this.#known) <= 0) return false;
    this.#known = ballot;
    const kept = this.#tallies.filter((other) => compareBallots(other.ballot, ballot) > 0);
    this.#tallies.splice(0, this.#tallies.length, ...kept);
    return true;
  }
}
