/** One attempt of a worker to claim a line. Times are in milliseconds since 1970, see {@linkcode now}. */
export interface Attempt {
  readonly line: number;
  /** The token of the claim that the line has now, whoever's it is. */
  readonly token: number;
  /** The index of the worker that has it. */
  readonly owner: number;
  /** Whether this very attempt won it. */
  readonly won: boolean;
  /** When the worker asked for the claim, and when it got the answer. */
  readonly begun: number;
  readonly answered: number;
  /** When the owner began to publish the result, and when that was done; 0: not yet. */
  readonly publishing: number;
  readonly published: number;
}

/** What is known of an attempt when it has been answered. */
export type Answer = Pick<Attempt, "line" | "token" | "owner" | "won" | "begun">;

const FIELDS = 8;
const [PUBLISHING, PUBLISHED] = [6, 7];

/** The same clock in every worker, finer than `Date.now()`. */
export const now = (): number => performance.timeOrigin + performance.now();

/**
 * What one worker did, in memory that it shares with the main thread. Messages would not do: those
 * that are under way when a worker is terminated are lost, and its last deeds with them.
 */
export class ClaimsLog {
  /** To be posted to the other thread, which makes its own `ClaimsLog` of it. */
  readonly memory: SharedArrayBuffer;
  /** How many attempts there are. Written last, atomically: so a reader sees only whole ones. */
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

  /** Notes an attempt that has just been answered, and returns its number. */
  add({ line, token, owner, won, begun }: Answer): number {
    const number = Atomics.load(this.#length, 0);
    const at = number * FIELDS;
    if (at === this.#fields.length) throw new RangeError("the claims log is full");
    this.#fields.set([line, token, owner, Number(won), begun, now(), 0, 0], at);
    Atomics.store(this.#length, 0, number + 1);
    return number;
  }

  /** Notes that the result of an attempt is about to be published. */
  publishing(number: number): void {
    this.#fields[number * FIELDS + PUBLISHING] = now();
  }

  /** Notes that it is. */
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
