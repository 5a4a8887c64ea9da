import type { Life } from "./ballot.ts";
import type { GenesisRequest, Header, Reply } from "./messages.ts";

/** Time for which a member that showed that it does not vote counts as coming back, in milliseconds. */
export const TURN_TIME = 500;

/** What it works with. */
export interface TurnsOptions {
  /** The id of this node, one of `members`. */
  readonly self: string;
  /** The ids of the members at present, in order. */
  readonly members: readonly string[];
}

/**
 * Members that come back at the same time take turns, by their place in the list, as far as they hear of each
 * other. An announcement invalidates the memory of that member's older process; if all announced at once, no
 * member would be left to copy from.
 */
export class Turns {
  readonly #options: TurnsOptions;
  /** For each member before this one in the list, the life in which, and the time at which, it last showed that it does not vote. */
  readonly #comingBack = new Map<string, { readonly life: Life; readonly at: number }>();

  /** Knows of no member that comes back. */
  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Notes a request: an `enquire` without an incarnation shows that its sender does not vote. */
  asked(from: string, header: Header, request: GenesisRequest, now: number): void {
    if (request.type === "enquire" && header.incarnation === null) this.#note(from, header, now);
  }

  /** Notes an answer to a question for the record. */
  answered(from: string, header: Header, reply: Reply, now: number): void {
    if (reply.type === "blank") {
      this.#note(from, header, now);
    } else if (reply.type === "record" && this.#comingBack.get(from)?.life === header.life) {
      this.#comingBack.delete(from);
    }
  }

  /**
   * A wait for this member's turn: returns a function that tells whether the turn has come. The wait begins
   * with its first call and lasts at most `longest` milliseconds: members before this one may be unable to come
   * back without it.
   */
  wait(longest: number): (now: number) => boolean {
    let since: number | null = null;
    return (now) => {
      since ??= now;
      return now - since >= longest || this.#isFirst(now);
    };
  }

  /** Whether no member before this one is coming back, as far as is known. */
  #isFirst(now: number): boolean {
    for (const { at } of this.#comingBack.values()) if (now - at < TURN_TIME) return false;
    return true;
  }

  #note(from: string, { life }: Header, now: number): void {
    const { self, members } = this.#options;
    const isEarlier = members.indexOf(from) >= 0 && members.indexOf(from) < members.indexOf(self);
    if (isEarlier) this.#comingBack.set(from, { life, at: now });
  }
}
