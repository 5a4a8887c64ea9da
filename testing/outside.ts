import type { Simulation } from "./simulation.ts";

/** Work outside of a simulation, whose time stands still meanwhile. */
interface Work {
  isDone: boolean;
  /** Hands the result over. */
  deliver(): void;
  /** Lets time go on. */
  readonly release: () => void;
}

/**
 * Waits for what takes real time: requests, files, the promises of `crypto.subtle`. Results come in the order in which
 * the work began, each in an event of its own, so that the run is the same however long the work takes.
 */
export class Outside {
  readonly #simulation: Simulation;
  #works: Work[] = [];

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Begins `begin` now; resolves, or rejects, as it does. */
  wait<T>(begin: () => T | PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const release = this.#simulation.hold();
      const work: Work = { isDone: false, deliver: () => {}, release };
      this.#works.push(work);
      const end = (deliver: () => void) => {
        work.isDone = true;
        work.deliver = deliver;
        this.#deliver();
      };
      // In a promise, so that a function that throws is one that rejects.
      new Promise<T>((begun) => begun(begin())).then(
        (value) => end(() => resolve(value)),
        (error) => end(() => reject(error)),
      );
    });
  }

  #deliver(): void {
    if (this.#works.some(({ isDone }) => !isDone)) return;
    const done = this.#works;
    this.#works = [];
    for (const { deliver, release } of done) {
      this.#simulation.after(0, deliver);
      release();
    }
  }
}
