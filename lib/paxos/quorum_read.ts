import { type Ballot, compareBallots } from "./ballot.ts";
import type { RegisterReply } from "./messages.ts";
import type { Chosen } from "./change.ts";
import { type Sender, Tally } from "./quorum.ts";
import { type Report, summarize } from "./reports.ts";

/** The outcome of a read: what is chosen, or that only a proposal can tell. */
export type ReadOutcome =
  | {
    readonly sure: true;
    readonly chosen: Chosen<void>;
    /** Whether the votes of all members in a fast round show that. */
    readonly fast: boolean;
  }
  | { readonly sure: false };

/**
 * A read of one register in one round trip and without a write: if all reports of a quorum have the same
 * accepted ballot, or none has any, that is chosen and current. Otherwise the reader has to run a proposer with
 * the identity function. If they all have the ballot of a fast round, it waits for the other members.
 */
export class QuorumRead {
  /** The number of votes of a fast round that choose. */
  readonly #votes: number;
  readonly #tally: Tally<Report>;
  readonly #since: Ballot | undefined;
  readonly #chosen: Ballot | undefined;
  #waits = false;

  /**
   * Counts the reports of `members`; states accepted below the ballot `since` do not count. Unless their configuration is
   * `settled`, votes of a fast round are not chosen by their number. `chosen`: a ballot of a fast round that the reader
   * knows to be chosen, as if a member reported that.
   */
  constructor(members: readonly string[], since?: Ballot, settled = true, chosen?: Ballot) {
    this.#votes = settled ? members.length : Infinity;
    this.#tally = new Tally(members);
    this.#since = since;
    this.#chosen = chosen;
  }

  /**
   * Counts a reply; returns the outcome as soon as a quorum has answered, unless the other members may still show that the
   * ballot of a fast round is chosen: see {@linkcode waits}.
   */
  receive(sender: Sender, reply: RegisterReply): ReadOutcome | undefined {
    if (reply.type !== "current" || this.#isOlder(reply)) return undefined;
    if (!this.#tally.add(sender, reply)) return undefined;
    const summary = summarize(this.#tally.replies, this.#votes);
    const { state, token, ballot, unanimous, stale } = summary;
    const isKnown = summary.open && this.#chosen !== undefined &&
      compareBallots(ballot, this.#chosen) === 0;
    this.#waits = summary.open && !isKnown;
    if (this.#waits) return undefined;
    if (!unanimous && !isKnown) return { sure: false };
    const chosen = { result: undefined, state, token, ballot, stale };
    return { sure: true, chosen, fast: unanimous && summary.fast };
  }

  /**
   * Whether a quorum has answered, and only the other members can show that this is chosen: the reader waits for them
   * shortly, and then counts it as not sure.
   */
  get waits(): boolean {
    return this.#waits;
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
