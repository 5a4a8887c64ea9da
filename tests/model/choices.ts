import { type Ballot, compareBallots } from "../../lib/paxos/ballot.ts";
import { majority } from "../../lib/paxos/quorum.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import type { RegisterRequest } from "../../lib/paxos/messages.ts";
import type { State } from "../../lib/paxos/register.ts";
import { contentOf } from "./client.ts";

/** A process of `member` accepted the proposal at `ballot`, and answered so. */
export interface Vote {
  readonly member: number;
  readonly ballot: Ballot;
  readonly incarnation: Life;
  /** Its crash vector in that answer. */
  readonly vector: readonly Life[];
  /** What it filled in as the `over` of the state of a fast round. */
  readonly over?: number;
}

/** The proposal at a ballot. */
export interface Proposal {
  readonly ballot: Ballot;
  readonly state: State;
  /** Whether it is that of a fast round: only the votes of all members choose it, and they may differ in its `over`. */
  readonly fast?: true;
}

/** The chosen proposals, or the fault in the proposals and votes. */
export type Verdict =
  | { readonly ok: true; readonly chosen: readonly Proposal[] }
  | { readonly ok: false; readonly why: string };

/**
 * Finds the chosen states: those that a crash-consistent quorum accepted, even if no node knows it. In the
 * order of their ballots they must form one chain: each equals the previous one, or was written over it,
 * directly or through other states. Each was written at the ballot whose counter is its token, and may have
 * been proposed again at later ballots. No operation takes effect twice. `members`: their number, or a function that
 * tells whether votes for one ballot have a quorum, which is all of them in a fast round.
 */
export function judge<V extends Vote>(
  proposals: readonly Proposal[],
  votes: readonly V[],
  members: number | ((votes: readonly V[], fast: boolean) => boolean),
): Verdict {
  const isQuorum = typeof members === "function"
    ? members
    : (counted: readonly V[], fast: boolean) =>
      hasQuorum(counted, fast ? members : majority(members));
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
  const votesFor = (ballot: Ballot) =>
    votes.filter((vote) => compareBallots(vote.ballot, ballot) === 0);
  for (const [index, one] of distinct.entries()) {
    if (one.fast) distinct[index] = { ...one, state: withOver(one.state, votesFor(one.ballot)) };
  }
  const chosen = distinct.filter(({ ballot, fast }) => isQuorum(votesFor(ballot), fast === true));
  const states = distinct.map(({ state }) => state);
  for (const { state } of distinct) {
    const isWritten = distinct.some((written) =>
      written.ballot.counter === state.token &&
      (written.fast ? isOneWrite(written.state, state) : show(written.state) === show(state))
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
    const isSame = distinct.some((one) =>
      one.fast && isOneWrite(one.state, before.state) && isOneWrite(one.state, after.state)
    );
    if (isSame || isOver(after.state, before.state, states)) continue;
    const link = `${show(before.state)} at ${showBallot(before.ballot)}, then ` +
      `${show(after.state)} at ${showBallot(after.ballot)}`;
    return { ok: false, why: `chosen: ${link}, which was not written over it` };
  }
  return { ok: true, chosen };
}

/** The state of a fast round with the lowest `over` of the acceptors that took it. */
function withOver(state: State, votes: readonly Vote[]): State {
  const overs = votes.flatMap(({ over }) => over ?? []);
  return state.present && overs.length > 0 ? { ...state, over: Math.min(...overs) } : state;
}

/** Whether both are the state that one operation wrote at one ballot, whatever it was written over. */
function isOneWrite(a: State, b: State): boolean {
  return a.present && b.present && a.op === b.op && a.token === b.token;
}

/** Whether `after` equals `before`, or replaces it directly or through other `states`. */
function isOver(after: State, before: State, states: readonly State[]): boolean {
  if (show(after) === show(before)) return true;
  if (after.token <= before.token) return false;
  // A tombstone does not name the state that it replaces.
  if (!after.present) return true;
  if (after.over === before.token) return true;
  const between = states.filter(({ token }) => token === after.over);
  if (between.length > 0) return between.some((state) => isOver(state, before, states));
  // A forgotten tombstone remains only as a floor, which may be higher.
  return !before.present && after.over > before.token;
}

/** Whether as many members as are needed have votes that may be counted together. */
function hasQuorum(votes: readonly Vote[], needed: number): boolean {
  const choose = (counted: readonly Vote[], from: number): boolean => {
    if (counted.length >= needed) return true;
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

/** Whether neither vote knows of a later incarnation of the other's member. */
function areConsistent(a: Vote, b: Vote): boolean {
  return a.vector[b.member] <= b.incarnation && b.vector[a.member] <= a.incarnation;
}

/** Whether a state that is taken for chosen at a ballot is what is chosen there. */
export function isChosenState(proposal: Proposal, ballot: Ballot, state: State): boolean {
  if (compareBallots(proposal.ballot, ballot) !== 0) return false;
  return proposal.fast ? isOneWrite(proposal.state, state) : show(proposal.state) === show(state);
}

/** The proposal of a request; `null`: it proposes nothing. */
export function proposalOf(request: RegisterRequest): Proposal | null {
  if (request.type === "accept") return request;
  const { type } = request;
  return type === "fast" ? { ballot: request.ballot, state: request.state, fast: true } : null;
}

/** The vote in a reply to the proposal at `ballot`; `null`: it has none. */
export function votedIn(
  reply: { readonly type: string },
  ballot: Ballot,
): { readonly ballot: Ballot; readonly over?: number } | null {
  if (reply.type === "accepted") return { ballot };
  return reply.type === "took" && "over" in reply ? { ballot, over: Number(reply.over) } : null;
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
