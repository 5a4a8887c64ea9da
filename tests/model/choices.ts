import { type Ballot, compareBallots } from "../../lib/paxos/ballot.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import type { State } from "../../lib/paxos/register.ts";
import { contentOf } from "./client.ts";

/** A process of `member` accepted what was proposed at `ballot`, and said so. */
export interface Vote {
  readonly member: number;
  readonly ballot: Ballot;
  readonly incarnation: Life;
  /** What it knew of crashes when it said so. */
  readonly vector: readonly Life[];
}

/** What was proposed at a ballot. */
export interface Proposal {
  readonly ballot: Ballot;
  readonly state: State;
}

/** What is wrong with some proposals and votes, if anything is. */
export type Verdict =
  | { readonly ok: true; readonly chosen: readonly Proposal[] }
  | { readonly ok: false; readonly why: string };

/**
 * Finds the states that are chosen, whoever knows it: those that a crash-consistent quorum accepted. In
 * the order of their ballots they must form one chain: each is the one before it, or was written over it, or over
 * something that was. Each was written at the ballot whose counter is its token, and may have been proposed
 * again at later ones. No operation takes effect twice.
 */
export function judge(
  proposals: readonly Proposal[],
  votes: readonly Vote[],
  members: number,
): Verdict {
  const sorted = proposals.toSorted((a, b) => compareBallots(a.ballot, b.ballot));
  const distinct: Proposal[] = [];
  for (const proposal of sorted) {
    const last = distinct.at(-1);
    if (last === undefined || compareBallots(last.ballot, proposal.ballot) !== 0) {
      distinct.push(proposal);
    } else if (show(last.state) !== show(proposal.state)) {
      const states = `${show(last.state)} and ${show(proposal.state)}`;
      return { ok: false, why: `two states at ballot ${showBallot(last.ballot)}: ${states}` };
    }
  }
  const chosen = distinct.filter(({ ballot }) =>
    hasQuorum(votes.filter((vote) => compareBallots(vote.ballot, ballot) === 0), members)
  );
  const states = distinct.map(({ state }) => state);
  for (const { state } of distinct) {
    const isWritten = distinct.some((written) =>
      written.ballot.counter === state.token && show(written.state) === show(state)
    );
    if (!isWritten) return { ok: false, why: `${show(state)} was never written with its token` };
  }
  const writes = new Map<string, number>();
  for (const { state } of chosen) {
    if (!state.present) continue;
    const token = writes.get(state.op) ?? state.token;
    if (token !== state.token) return { ok: false, why: `${show(state)} took effect twice` };
    writes.set(state.op, token);
  }
  for (let i = 1; i < chosen.length; i++) {
    const [before, after] = [chosen[i - 1], chosen[i]];
    if (isOver(after.state, before.state, states)) continue;
    const link = `${show(before.state)} at ${showBallot(before.ballot)}, then ` +
      `${show(after.state)} at ${showBallot(after.ballot)}`;
    return { ok: false, why: `chosen: ${link}, which was not written over it` };
  }
  return { ok: true, chosen };
}

/** Whether `after` is `before`, or replaces it: itself, or by way of others of the `states`. */
function isOver(after: State, before: State, states: readonly State[]): boolean {
  if (show(after) === show(before)) return true;
  if (after.token <= before.token) return false;
  // What a release replaces, it does not say.
  if (!after.present) return true;
  if (after.over === before.token) return true;
  const between = states.filter(({ token }) => token === after.over);
  if (between.length > 0) return between.some((state) => isOver(state, before, states));
  // What was released and forgotten lives on in floors only, which may be higher.
  return !before.present && after.over > before.token;
}

/** Whether some of the votes, of as many members as a quorum has, may be counted together. */
function hasQuorum(votes: readonly Vote[], members: number): boolean {
  const choose = (counted: readonly Vote[], from: number): boolean => {
    if (counted.length >= majority(members)) return true;
    for (let i = from; i < votes.length; i++) {
      const fits = counted.every((vote) =>
        vote.member !== votes[i].member && areConsistent(vote, votes[i])
      );
      if (fits && choose([...counted, votes[i]], i + 1)) return true;
    }
    return false;
  };
  return choose([], 0);
}

/** Whether neither knows of a later incarnation of the other. */
function areConsistent(a: Vote, b: Vote): boolean {
  return a.vector[b.member] <= b.incarnation && b.vector[a.member] <= a.incarnation;
}

/** A state as text. */
export function show(state: State | null): string {
  if (state === null) return "nothing";
  if (!state.present) return `released (${state.token})`;
  return `"${contentOf(state)}" (${state.token} over ${state.over})`;
}

/** A ballot as text: counter and proposer. */
export function showBallot(ballot: Ballot): string {
  return `${ballot.counter}${ballot.life}`;
}
