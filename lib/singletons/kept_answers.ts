import { failureBytes } from "./failure.ts";
import type { SingletonReply } from "./singleton_messages.ts";

/** Answers kept until their callers have them, and their bytes; the oldest ones beyond that are dropped. */
const MAX_ANSWERS = 100_000;
const MAX_ANSWER_BYTES = 32 * 2 ** 20;

/** Size of an answer besides its texts and bytes: its attempt and its map entries, in bytes. */
const ANSWER_OVERHEAD = 200;

/** What has an answer once it is over. */
interface Answered {
  readonly answer: SingletonReply | undefined;
}

/** The answers that callers may not have yet, oldest first. */
export class KeptAnswers {
  /** What forgets each of them. */
  readonly #answered = new Map<Answered, () => void>();
  #bytes = 0;
  #dropped = 0;

  /** The number of answers that were dropped for want of room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Keeps the answer of an attempt; `forget` is called if there is no room for it any more. */
  keep(attempt: Answered, forget: () => void): void {
    this.#answered.set(attempt, forget);
    this.#bytes += sizeOf(attempt.answer);
    for (const [oldest, forget] of this.#answered) {
      if (this.#answered.size <= MAX_ANSWERS && this.#bytes <= MAX_ANSWER_BYTES) return;
      forget();
      this.#dropped++;
      this.forget(oldest);
    }
  }

  /** Forgets the answer of an attempt, if it is kept. */
  forget(attempt: Answered): void {
    if (this.#answered.delete(attempt)) this.#bytes -= sizeOf(attempt.answer);
  }
}

function sizeOf(answer: SingletonReply | undefined): number {
  if (answer?.type === "returned") return ANSWER_OVERHEAD + answer.value.length;
  if (answer?.type !== "threw" && answer?.type !== "failed") return ANSWER_OVERHEAD;
  return ANSWER_OVERHEAD + failureBytes(answer.failure);
}
