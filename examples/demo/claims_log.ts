/** One attempt of a worker to claim a line. Times are in milliseconds since 1970, see {@linkcode now}. */
export interface Attempt {
  readonly line: number;
  /** The token of the current claim of the line, whether its own or another worker's. */
  readonly token: number;
  /** The index of the worker that owns the line. */
  readonly owner: number;
  /** Whether this attempt won the line. */
  readonly won: boolean;
  /** When the worker asked for the claim, and when it got the answer. */
  readonly begun: number;
  readonly answered: number;
  /** When the owner began to publish the result, and when that was done; 0 before. */
  readonly publishing: number;
  readonly published: number;
}

/** The part of an attempt that is known when the answer arrives. */
export type Answer = Pick<Attempt, "line" | "token" | "owner" | "won" | "begun">;

const FIELDS = 8;
const [PUBLISHING, PUBLISHED] = [6, 7];

/** The same clock in every worker, with a finer resolution than `Date.now()`. */
export const now = (): number => performance.timeOrigin + performance.now();

/**
 * The attempts of one worker, in memory that it shares with the main thread. Messages would not work:
 * those in transit are lost when a worker is terminated, and with them its last actions.
 */
export class ClaimsLog {
  /** The buffer to post to another thread, which makes its own `ClaimsLog` of it. */
  readonly memory: SharedArrayBuffer;
  /** The number of attempts. Written last, atomically, so a reader sees only complete attempts. */
  readonly #length: Int32Array;
  readonly #fields: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#length = new Int32Array(memory, 0, 1);
    this.#fields = new Float64Array(memory, 8);
  }

  /** An empty log for up to `capacity` attempts. */
  static withCapacity(capacity: number): ClaimsLog {
    return new ClaimsLog(new SharedArrayBuffer(8 + capacity * FIELDS * 8));
  }

  /** Records an attempt whose answer has just arrived, and returns its number. */
  add({ line, token, owner, won, begun }: Answer): number {
    const number = Atomics.load(this.#length, 0);
    const at = number * FIELDS;
    if (at === this.#fields.length) throw new RangeError("the claims log is full");
    this.#fields.set([line, token, owner, Number(won), begun, now(), 0, 0], at);
    Atomics.store(this.#length, 0, number + 1);
    return number;
  }

  /** Records that the worker begins to publish the result of an attempt. */
  publishing(number: number): void {
    this.#fields[number * FIELDS + PUBLISHING] = now();
  }

  /** Records that the result is published. */
  published(number: number): void {
    this.#fields[number * FIELDS + PUBLISHED] = now();
  }

  /** All attempts so far. */
  attempts(): Attempt[] {
    return Array.from({ length: Atomics.load(this.#length, 0) }, (_, number) => {
      const [line, token, owner, won, begun, answered, publishing, published] = this.#fields
        .subarray(number * FIELDS, (number + 1) * FIELDS);
      return { line, token, owner, won: won === 1, begun, answered, publishing, published };
    });
  }
}
