import type { SessionReply } from "./messages.ts";
import { majority, type Sender, Tally } from "./quorum.ts";
import { MIN_TTL } from "./sessions.ts";

/** The answers to the requests of one time to live. */
interface FencingRound {
  readonly asked: number;
  readonly fenced: Tally<true>;
  readonly alive: Tally<true>;
}

/**
 * Finds out whether a session has ended: it has when a quorum has fenced it. Answers count together only if
 * they were asked for within one time to live. A reader does not know the time to live of the session, so it
 * assumes the shortest one, `MIN_TTL`; a later request begins another count. Answers may take longer than that,
 * so older counts stay open for a while.
 */
export class Fencing {
  readonly #members: readonly string[];
  readonly #openFor: number;
  /** Oldest first, by their numbers. */
  readonly #counts = new Map<number, FencingRound>();
  #last = 0;

  /**
   * Counts for a cluster of `members`. An answer counts for up to `openFor` milliseconds after its request: no
   * longer than acceptors surely keep a fence, see `FENCED_KEPT`.
   */
  constructor(members: readonly string[], openFor: number) {
    this.#members = members;
    this.#openFor = openFor;
  }

  /** To be called before each request; returns the number of the count that its answers belong to. */
  ask(now: number): number {
    const newest = this.#counts.get(this.#last);
    if (newest !== undefined && now - newest.asked < MIN_TTL) return this.#last;
    this.#counts.set(++this.#last, {
      asked: now,
      fenced: new Tally(this.#members),
      alive: new Tally(this.#members),
    });
    this.#close(now);
    return this.#last;
  }

  /** The members that have not answered the latest count. */
  missing(): string[] {
    const latest = this.#counts.get(this.#last);
    return this.#members.filter((member) =>
      !latest?.fenced.has(member) && !latest?.alive.has(member)
    );
  }

  /** Whether a quorum has answered, without agreeing: the session is not known to have ended. */
  get undecided(): boolean {
    for (const { fenced, alive } of this.#counts.values()) {
      const answered = this.#members.filter((member) => fenced.has(member) || alive.has(member));
      if (answered.length >= majority(this.#members.length)) return true;
    }
    return false;
  }

  /** Takes an answer for the count of this number; `now` is the time at which it came. */
  receive(
    number: number,
    sender: Sender,
    reply: SessionReply,
    now: number,
  ): "ended" | "alive" | undefined {
    this.#close(now);
    const count = this.#counts.get(number);
    if (count === undefined) return undefined;
    if (reply.type === "fenced" && count.fenced.add(sender, true)) return "ended";
    if (reply.type === "alive") {
      // With this many answers no quorum is left that could fence the session.
      count.alive.add(sender, true);
      const size = this.#members.length;
      if (count.alive.replies.length > size - majority(size)) return "alive";
    }
    return undefined;
  }

  /** Closes the counts that began too long ago. */
  #close(now: number): void {
    for (const [number, { asked }] of this.#counts) {
      if (now - asked < this.#openFor) return;
      this.#counts.delete(number);
    }
  }
}
