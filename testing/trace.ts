/** Lines that are kept for a failure. */
const KEPT = 2_000;

/** Lines of the trace in the text of a failure, the last ones. */
const SHOWN = 40;

/** The seed of a simulation. */
export type Seed = number | string;

/** The latest lines of the trace of a simulation. */
export class Trace {
  #lines: string[] = [];

  /** Adds a line. */
  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT) this.#lines = this.#lines.slice(-KEPT);
  }

  /** The latest lines, the oldest first. */
  get lines(): readonly string[] {
    return this.#lines.slice(-KEPT);
  }
}

/** A moment of virtual time for people, in seconds. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(3)} s`;
}

function textOf(cause: unknown): string {
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  return String(cause);
}

/** A simulation has failed. The message has the seed, which gives the same run again, and the last events. */
export class SimulationError extends Error {
  /** What failed in the test or in a program. */
  override readonly cause: unknown;
  /** The seed of the run. */
  readonly seed: Seed;
  /** Milliseconds of virtual time from the start to the failure. */
  readonly time: number;
  /** The last lines of the trace, up to 2,000, the oldest first. Each begins with the time in milliseconds. */
  readonly trace: readonly string[];

  /** Made by `simulate`. */
  constructor(cause: unknown, seed: Seed, time: number, trace: readonly string[]) {
    const shown = trace.slice(-SHOWN);
    const left = trace.length - shown.length;
    super(
      [
        `Seed ${JSON.stringify(seed)} fails after ${seconds(time)}: ${textOf(cause)}`,
        `Its last events${left > 0 ? `, after ${left} others` : ""} (milliseconds, event):`,
        ...shown,
      ].join("\n"),
      { cause },
    );
    this.name = "SimulationError";
    this.cause = cause;
    this.seed = seed;
    this.time = time;
    this.trace = trace;
  }
}
