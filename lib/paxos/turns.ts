import type { Life } from "./ballot.ts";
import type { GenesisRequest, Header, Reply } from "./messages.ts";

/** For how many milliseconds a member that showed that it does not vote counts as one that comes back. */
export const TURN_TIME = 500;

/** What it works with. */
export interface TurnsOptions {
  /** The id of this node, one of `members`. */
  readonly self: string;
  /** The ids of the members, in order. */
  readonly members: readonly string[];
}

/**
 * Members that come back at the same time take turns, by their place in the list, as far as they hear of
 * each other. An announcement puts the memory of that member's older process out of use; if all announced at
 * once, nobody would be left to copy from.
 */
export class Turns {
  /** The members before this one in the list. */
  readonly #earlier: ReadonlySet<string>;
  /** In which life, and when, one of them showed last that it does not vote. */
  readonly #comingBack = new Map<string, { readonly life: Life; readonly at: number }>();

  /** Knows of nobody that comes back. */
  constructor({ self, members }: TurnsOptions) {
    this.#earlier = new Set(members.slice(0, members.indexOf(self)));
  }

  /** Takes note of a question: a member that does not vote asks for a record. */
  asked(from: string, header: Header, request: GenesisRequest, now: number): void {
    if (request.type === "enquire" && header.incarnation === null) this.#note(from, header, now);
  }

  /** Takes note of an answer to a question for the record. */
  answered(from: string, header: Header, reply: Reply, now: number): void {
    if (reply.type === "blank") {
      this.#note(from, header, now);
    } else if (reply.type === "record" && this.#comingBack.get(from)?.life === header.life) {
      this.#comingBack.delete(from);
    }
  }

  /**
   * A wait for this member's turn: tells at any time whether that has come. It begins when it is first asked,
   * and lasts `longest` milliseconds at most: members before this one may be unable to come back without it.
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
    if (this.#earlier.has(from)) this.#comingBack.set(from, { life, at: now });
  }
}
