import type { Ballot, Life } from "../../../lib/paxos/ballot.ts";
import { type Configuration, voicesOf, votersOf } from "../../../lib/paxos/configuration.ts";
import type { Header } from "../../../lib/paxos/messages.ts";
import { majority } from "../../../lib/paxos/quorum.ts";
import { isChosenState, judge, type Proposal, show, type Vote } from "../choices.ts";
import { Violation } from "../past.ts";
import { configurationIn } from "./member.ts";

/** A vote of a member in one epoch. */
export interface MemberVote extends Vote {
  readonly register: string;
  readonly epoch: number;
  /** The nodes that vote in that epoch. */
  readonly voters: readonly number[];
}

/** Finds what is chosen, and whether that is consistent. */
export class Judge {
  readonly #nodes: readonly string[];
  /** What is chosen at the beginning. */
  readonly #content: Proposal | null;
  readonly #verdicts = new Map<string, readonly Proposal[]>();

  /** For these nodes. */
  constructor(nodes: readonly string[], content: Proposal | null) {
    this.#nodes = nodes;
    this.#content = content;
  }

  /** The vote of a member under a configuration, as its header shows it. */
  vote(
    member: number,
    configuration: Configuration,
    { incarnation, vector }: Header,
    { register, ...voted }: { register: string; ballot: Ballot; over?: number },
  ): MemberVote {
    const voices = voicesOf(configuration);
    const known: Life[] = this.#nodes.map((id) => vector[voices.indexOf(id)] ?? "");
    return {
      ...{ register, member, ...voted, incarnation: incarnation ?? "", vector: known },
      epoch: configuration.epoch,
      voters: votersOf(configuration).map((id) => this.#nodes.indexOf(id)),
    };
  }

  /** What is chosen by these votes; throws `Violation` unless it is one chain. */
  chosen(
    key: string,
    isConfiguration: boolean,
    accepts: readonly Proposal[],
    votes: readonly MemberVote[],
  ): readonly Proposal[] {
    let chosen = this.#verdicts.get(key);
    if (chosen !== undefined) return chosen;
    const proposals: Proposal[] = [...accepts];
    if (!isConfiguration && this.#content !== null) proposals.push(this.#content);
    const verdict = judge(proposals, votes, hasQuorum);
    if (!verdict.ok) throw new Violation(verdict.why);
    ({ chosen } = verdict);
    if (isConfiguration) checkConfigurations(chosen);
    this.#verdicts.set(key, chosen);
    return chosen;
  }

  /** Checks that a state that a client takes for chosen is chosen. */
  checkChosen(chosen: readonly Proposal[], { state, ballot }: Proposal): void {
    const isChosen = chosen.some((other) => isChosenState(other, ballot, state));
    if (!isChosen) throw new Violation(`${show(state)} is taken for chosen, but is not`);
  }
}

/**
 * Whether a majority of the voters of one epoch has votes that may be counted together; in a fast round, all of them.
 */
function hasQuorum(votes: readonly MemberVote[], fast: boolean): boolean {
  return votes.some(({ epoch, voters }) => {
    const own = votes.filter((vote) => vote.epoch === epoch && voters.includes(vote.member));
    const choose = (counted: readonly MemberVote[], from: number): boolean => {
      if (counted.length >= (fast ? voters.length : majority(voters.length))) return true;
      for (let i = from; i < own.length; i++) {
        const fits = counted.every((vote) =>
          vote.member !== own[i].member && areConsistent(vote, own[i])
        );
        if (fits && choose([...counted, own[i]], i + 1)) return true;
      }
      return false;
    };
    return choose([], 0);
  });
}

function areConsistent(a: Vote, b: Vote): boolean {
  return a.vector[b.member] <= b.incarnation && b.vector[a.member] <= a.incarnation;
}

/** Each configuration replaces the one before by one of the steps that section 11 allows. */
function checkConfigurations(chosen: readonly Proposal[]): void {
  const all = chosen.flatMap(({ state }) => configurationIn(state) ?? []);
  for (let i = 1; i < all.length; i++) {
    const [before, after] = [all[i - 1], all[i]];
    if (JSON.stringify(before) === JSON.stringify(after) || follows(before, after)) continue;
    throw new Violation(`configuration ${after.epoch} does not follow ${before.epoch}`);
  }
}

function follows(before: Configuration, after: Configuration): boolean {
  const [own, next] = [votersOf(before), votersOf(after)];
  const added = next.filter((id) => !own.includes(id));
  const removed = own.filter((id) => !next.includes(id));
  if (added.length + removed.length > 1) return false;
  if (after.epoch === before.epoch) {
    return !before.settled && before.joining === null && after.settled && added.length === 0 &&
      removed.length === 0;
  }
  if (after.epoch !== before.epoch + 1) return false;
  if (before.joining === null) return before.settled && added.length === 0;
  return removed.length === 0 && after.joining === null;
}
