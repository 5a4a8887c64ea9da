import type { Outgoing } from "../../paxos/genesis.ts";
import type { GivingUp } from "../../paxos/giving_up.ts";
import type { Header, Reply } from "../../paxos/messages.ts";

/** Number of times that one count is asked before the next one begins. */
const ASKS = 5;

/** Counts that may still be answered: those of the two rounds of the longest round trip, one every 5 s. */
const MAX_COUNTS = 10;

/**
 * Counts of the lost members, one begun after the other: an earlier one may wait for a member that has another
 * life by now. Answers may take longer than the wait for the next count, so earlier ones stay open.
 */
export class GivingUpCounts {
  readonly #begin: () => GivingUp;
  /** Oldest first. */
  readonly #counts: GivingUp[] = [];
  #asks = 0;

  /** `begin` makes a new count. */
  constructor(begin: () => GivingUp) {
    this.#begin = begin;
  }

  /** Forgets all counts. */
  clear(): void {
    this.#counts.length = 0;
    this.#asks = 0;
  }

  /** Returns the next questions; to be called once a second while there is no quorum. */
  questions(): Outgoing[] {
    if (this.#counts.length === 0 || this.#asks >= ASKS) {
      this.#counts.push(this.#begin());
      this.#asks = 0;
      if (this.#counts.length > MAX_COUNTS) this.#counts.shift();
    }
    this.#asks++;
    return this.#counts.at(-1)!.questions();
  }

  /** Whether `id` is the number of a question that may be answered. */
  asks(id: number): boolean {
    return this.#counts.some((count) => count.asks(id));
  }

  /** Takes an answer; returns what to ask next, and the count that shows a total loss, if there is one. */
  receive(from: string, header: Header, reply: Reply): { ask: Outgoing[]; lost?: GivingUp } {
    const all: Outgoing[] = [];
    for (const count of this.#counts) {
      const { ask, allIsLost } = count.receive(from, header, reply);
      all.push(...ask);
      if (allIsLost) return { ask: all, lost: count };
    }
    return { ask: all };
  }
}
