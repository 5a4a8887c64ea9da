import type { Outgoing } from "../../paxos/genesis.ts";
import { LONGEST_ROUND_TRIP } from "../runtime/pacing.ts";

/** The longest wait between two questions where round trips are short, in milliseconds. */
export const LONGEST_WAIT = 1_000;

/** Questions whose time of asking is remembered: those of the longest round trip, one a second. */
const MAX_ASKED = 40;

/**
 * Adapts the wait between two questions for the record to the round trip: only an answer to the latest question counts,
 * so the wait for the next one must be longer than a round trip.
 */
export class QuestionWaits {
  #longest = LONGEST_WAIT;
  /** When the latest questions for the record were asked, by their number; oldest first. */
  readonly #asked = new Map<number, number>();
  /** The shortest round trip of the answers since the latest question, in milliseconds. */
  #roundTrip = Infinity;

  /** The longest wait between two questions, in milliseconds. */
  get longest(): number {
    return this.#longest;
  }

  /** Notes the questions that are asked at `now`. */
  asked(questions: readonly Outgoing[], now: number): void {
    const isLate = this.#roundTrip < Infinity && this.#roundTrip > this.#longest / 2;
    this.#longest = isLate
      ? Math.min(LONGEST_ROUND_TRIP, 2 * this.#roundTrip)
      : Math.max(LONGEST_WAIT, this.#longest / 2);
    this.#roundTrip = Infinity;
    const forRecord = questions.find(({ request }) =>
      request.type === "enquire" && request.purpose === "record"
    );
    if (forRecord !== undefined) this.#asked.set(forRecord.request.id, now);
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= MAX_ASKED) break;
      this.#asked.delete(oldest);
    }
  }

  /** Notes an answer to question `id` that came at `now`. */
  answered(id: number, now: number): void {
    const asked = this.#asked.get(id);
    if (asked !== undefined) this.#roundTrip = Math.min(this.#roundTrip, now - asked);
  }
}
