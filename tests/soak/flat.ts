import type { MemberSample, Sample } from "./soak.ts";

/**
 * Times to live after which everything that members keep for a limited time has reached its steady state:
 * a fenced session is kept for ten of the longest times to live after the last request for it.
 */
export const TIMES_TO_LIVE = 15;

/** Times to live, plus the duration of a sweep, in which members clean up after a client. */
const CLEANED_UP = 3;

/** Registers that a client leaves at most until the clean-up: its value and its lock. */
const LEFT = 2;

/** The parameters that separate growth from normal variation. */
export interface Bounds {
  /** Clients per second. */
  readonly rate: number;
  /** Time to live of the clients' sessions, in milliseconds. */
  readonly sessionTtl: number;
  /** Variation of the heap of all members at most, in bytes: compilers and caches add to it. */
  readonly heap: number;
}

const COUNTS = [
  "registers",
  "sessions",
  "fenced",
  "callers",
] as const satisfies readonly (keyof MemberSample)[];

/** Counts that are higher in the last sample than in an earlier one; empty if the state is flat. */
export function growths(
  samples: readonly Sample[],
  { rate, sessionTtl, heap }: Bounds,
): string[] {
  const most = LEFT * rate * CLEANED_UP * sessionTtl / 1_000;
  const grown: string[] = [];
  const last = samples[samples.length - 1];
  for (const sample of samples.slice(0, -1)) {
    const since = `from ${sample.at} s to ${last.at} s`;
    for (const [index, member] of last.members.entries()) {
      for (const count of COUNTS) {
        const growth = member[count] - sample.members[index][count];
        if (growth > most) grown.push(`${member.id}: ${growth} more ${count} ${since}`);
      }
    }
    const growth = last.heap - sample.heap;
    if (growth > heap) grown.push(`${(growth / 1_024).toFixed(0)} KiB more heap ${since}`);
  }
  return grown;
}
