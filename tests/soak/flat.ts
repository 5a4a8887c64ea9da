import type { MemberSample, Sample } from "./soak.ts";

/**
 * After so many times to live everything is there that members keep for a while: a fenced session is kept
 * for ten of the longest ones after it was last asked for.
 */
export const TIMES_TO_LIVE = 15;

/** In so many times to live, and in the time that a sweep takes, members clean up after a client. */
const CLEANED_UP = 3;

/** What a client leaves at most while nobody has cleaned up after it: its value and its lock. */
const LEFT = 2;

/** What tells growth from what comes and goes. */
export interface Bounds {
  /** Clients that come each second. */
  readonly rate: number;
  /** Of their sessions, in milliseconds. */
  readonly sessionTtl: number;
  /** By how much the heap of all members may differ, in bytes: compilers and caches add to it. */
  readonly heap: number;
}

const COUNTS = [
  "registers",
  "sessions",
  "fenced",
  "callers",
] as const satisfies readonly (keyof MemberSample)[];

/** What the last sample has more of than one of those before it; none: it is flat. */
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
