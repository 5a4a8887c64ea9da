import { after, type Ballot, compareBallots } from "./ballot.ts";
import { presentOf, type RegisterChange } from "./change.ts";
import { type Sender, Tally } from "./quorum.ts";
import type { RegisterReply } from "./messages.ts";
import type { Present } from "./register.ts";
import type { Report } from "./reports.ts";

/** What a change makes of a register that was never written, at this ballot; `undefined`: no value. */
export function firstState<R>(
  options: { readonly change: RegisterChange<R> },
  ballot: Ballot,
): { readonly state: Present; readonly result: R } | undefined {
  const { draft, complete, result } = options.change({ state: null, token: 0, ballot });
  const first = draft && (complete?.() ?? draft);
  if (first?.present !== true) return undefined;
  return { state: presentOf(first, ballot.counter, 0), result };
}

/**
 * The answers to the `fast` of a proposer (section 3a; Lamport, *Fast Paxos*, 2006, with all members as the fast quorum
 * and a ballot of its own for every proposer). If all members took its state, that is chosen. Otherwise the answers are
 * promises of the next ballot, which the proposer may go on with.
 */
export class FastRound {
  readonly #ballot: Ballot;
  readonly #state: Present;
  readonly #took: Tally<Present>;
  #refused = false;
  /** The state as the last acceptor took it, and its report. */
  #report: { readonly state: Present; readonly report: Report } | undefined;

  /** The round of `state` at `ballot`, which `members` were asked to take. */
  constructor(members: readonly string[], ballot: Ballot, state: Present) {
    this.#ballot = ballot;
    this.#state = state;
    this.#took = new Tally(members, [{ of: members, needed: members.length }]);
  }

  /** The ballot that its answers promise. */
  get next(): Ballot {
    return after(this.#ballot);
  }

  /** Takes an answer; returns what the acceptor reports with its promise of the next ballot, if it makes that. */
  receive(sender: Sender, reply: RegisterReply): Report | undefined {
    if (reply.type !== "took") {
      this.#refused = true;
      if (reply.type !== "promise") return undefined;
      return compareBallots(reply.ballot, this.next) === 0 ? reply : undefined;
    }
    const { ballot, over } = reply;
    if (compareBallots(ballot, this.#ballot) !== 0) return undefined;
    // The floors of most acceptors are the same, and so are their reports.
    if (this.#report?.state.over !== over) {
      const state = presentOf(this.#state, this.#state.token, over);
      const accepted = { ballot, state, fast: true } as const;
      this.#report = { state, report: { accepted, copied: false, floor: 0, stale: [] } };
    }
    const { state, report } = this.#report;
    this.#took.add(sender, state);
    return report;
  }

  /** Whether a member answered otherwise than that it took the state: it is unlikely to be chosen. */
  get refused(): boolean {
    return this.#refused;
  }

  /** The chosen state, once all members took it; they may differ in its `over`, and any of these will do. */
  get chosen(): Present | undefined {
    return this.#took.reached ? this.#took.replies[0] : undefined;
  }
}
