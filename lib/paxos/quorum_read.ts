import { type Ballot, compareBallots } from "./ballot.ts";
import type { RegisterReply } from "./messages.ts";
import type { Chosen } from "./change.ts";
import { type Sender, Tally } from "./quorum.ts";
import { type Report, summarize } from "./reports.ts";

/** The outcome of a read: what is chosen, or that only a proposal can tell. */
export type ReadOutcome =
  | { readonly sure: true; readonly chosen: Chosen<void> }
  | { readonly sure: false };

/**
 * A read of one register in one round trip and without a write: if all reports of a quorum have the same
 * accepted ballot, or none has any, that is chosen and current. Otherwise the reader has to run a proposer with
 * the identity function.
 */
export class QuorumRead {
  readonly #members: readonly string[];
  readonly #tally: Tally<Report>;
  readonly #since: Ballot | undefined;

  /** Counts the reports of `members`; states accepted below the ballot `since` do not count. */
  constructor(members: readonly string[], since?: Ballot) {
    this.#members = members;
    this.#tally = new Tally(members);
    this.#since = since;
  }

  /** Counts a reply; returns the outcome as soon as a quorum has answered. */
  receive(sender: Sender, reply: RegisterReply): ReadOutcome | undefined {
    if (reply.type !== "current" || this.#isOlder(reply)) return undefined;
    if (!this.#tally.add(sender, reply)) return undefined;
    const { state, token, ballot, unanimous, stale } = summarize(this.#tally.replies);
    if (!unanimous) return { sure: false };
    return { sure: true, chosen: { result: undefined, state, token, ballot, stale } };
  }

  #isOlder({ accepted }: Report): boolean {
    if (this.#since === undefined) return false;
    return accepted === null || compareBallots(accepted.ballot, this.#since) < 0;
  }

  /** The members that have not answered. */
  missing(): string[] {
    return this.#tally.missing();
  }
}
