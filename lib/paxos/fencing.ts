import type { SessionReply } from "./messages.ts";
import { majority, type Sender, Tally } from "./quorum.ts";
import { MIN_TTL } from "./sessions.ts";

/**
 * Finds out whether a session ended: it did when a quorum has fenced it. Answers count together
 * only if they were asked for within one time to live. A reader does not know that of the session,
 * so it takes the shortest that there is; asking later begins a new count.
 */
export class Fencing {
  readonly #members: readonly string[];
  #asked = -Infinity;
  #fenced: Tally<true>;
  #alive: Tally<true>;

  /** Counts for a cluster of `members`. */
  constructor(members: readonly string[]) {
    this.#members = members;
    this.#fenced = new Tally(members);
    this.#alive = new Tally(members);
  }

  /** To be called before each asking; says whether answers to earlier askings still count. */
  ask(now: number): boolean {
    if (now - this.#asked < MIN_TTL) return true;
    this.#asked = now;
    this.#fenced = new Tally(this.#members);
    this.#alive = new Tally(this.#members);
    return false;
  }

  /** The members that have not answered the latest asking that began a count. */
  missing(): string[] {
    return this.#members.filter((member) => !this.#fenced.has(member) && !this.#alive.has(member));
  }

  /** Whether a quorum has answered, without agreeing: the session is not known to have ended. */
  get undecided(): boolean {
    return this.#members.length - this.missing().length >= majority(this.#members.length);
  }

  /** Counts an answer to the latest asking that began a count. */
  receive(sender: Sender, reply: SessionReply): "ended" | "alive" | undefined {
    if (reply.type === "fenced" && this.#fenced.add(sender, true)) return "ended";
    if (reply.type === "alive") {
      // So many that no quorum is left which could say otherwise.
      this.#alive.add(sender, true);
      const count = this.#members.length;
      if (this.#alive.replies.length > count - majority(count)) return "alive";
    }
    return undefined;
  }
}
