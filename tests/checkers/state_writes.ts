/** An instance that has opened a state. */
interface Opening {
  readonly token: number;
  /** The number of the write that it found; 0: none. */
  readonly found: number;
}

/** A write that its instance knows to be chosen. */
interface Done {
  readonly token: number;
  readonly number: number;
}

/**
 * Checks the states that instances leave to their successors. Each instance numbers its writes from what it has found,
 * so no two writes have the same number. No write of an instance may take effect after a later instance has opened the
 * state, and none that was confirmed may be lost.
 */
export class StateWrites {
  readonly #report: (violation: string) => void;
  readonly #openings = new Map<string, Opening[]>();
  readonly #done = new Map<string, Done[]>();
  #count = 0;

  /** Calls `report` with each violation. */
  constructor(report: (violation: string) => void) {
    this.#report = report;
  }

  /** The number of confirmed writes and openings. */
  get size(): number {
    return this.#count;
  }

  /** The instance with `token` has opened the state `key`, and found the write with this number of the instance `by`. */
  opened(key: string, token: number, found: number, by: number): void {
    this.#count++;
    if (by > token) this.#report(`${key} @${token} finds what ${by} has written, a later instance`);
    for (const done of this.#of(this.#done, key)) {
      if (done.token < token && done.number > found) this.#tell(key, done, { token, found });
    }
    this.#of(this.#openings, key).push({ token, found });
  }

  /** The instance with `token` knows that its write with this number is chosen. */
  written(key: string, token: number, number: number): void {
    this.#count++;
    const done = { token, number };
    for (const opening of this.#of(this.#openings, key)) {
      if (token < opening.token && number > opening.found) this.#tell(key, done, opening);
    }
    const all = this.#of(this.#done, key);
    if (all.some((other) => other.number === number)) {
      this.#report(`${key}: there are two writes ${number}, the second one by ${token}`);
    }
    all.push(done);
  }

  #tell(key: string, { token, number }: Done, opening: Opening): void {
    this.#report(
      `${key}: write ${number} of ${token} is chosen, but ${opening.token} has opened the state and found ${opening.found}`,
    );
  }

  #of<T>(map: Map<string, T[]>, key: string): T[] {
    let list = map.get(key);
    if (list === undefined) map.set(key, list = []);
    return list;
  }
}
