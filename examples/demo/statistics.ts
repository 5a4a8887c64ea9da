import type { Attempt } from "./claims_log.ts";
import type { Race } from "./race.ts";

/** Durations in milliseconds: the median, and the 99th percentile. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** The figures of one worker in one life. */
export interface WorkerStatistics {
  readonly id: string;
  /** Whether this life was terminated, or began after a termination. */
  readonly fate: "terminated" | "restarted" | null;
  readonly won: number;
  /** Attempts whose line another worker had already, or won in the race for it. */
  readonly lost: number;
  /** Claims of lines that another worker had claimed before. */
  readonly takenOver: number;
  /** Published results that were its own. */
  readonly results: number;
  /** `null` when there was none. */
  readonly claim: Latency | null;
  readonly publish: Latency | null;
}

/** The events after the termination; times in milliseconds from then. */
export interface Failover {
  readonly worker: string;
  /** Lines that it had claimed, and whose claim has no result. */
  readonly unfinished: number;
  /** When any worker got the next claim, of any line. `null`: no line was left. */
  readonly nextClaim: number | null;
  /** When the first and the last of the unfinished lines had another owner. */
  readonly first: number | null;
  readonly last: number | null;
}

/** The return of the terminated worker; times in milliseconds. */
export interface Recovery {
  readonly worker: string;
  /** From its termination until it started again. */
  readonly startedAfter: number;
  /** From its restart until it had copied its memory and had a session, as a member like before. */
  readonly took: number;
  /** The lines that it claimed after that. */
  readonly claims: number;
}

/** The figures of a whole race. */
export interface Statistics {
  /** One entry per life, in the order in which they began. */
  readonly workers: readonly WorkerStatistics[];
  readonly failover: Failover;
  readonly recovery: Recovery;
  readonly attempts: number;
  readonly lost: number;
  /** Lines that at least two workers asked for at the same time. */
  readonly contested: number;
  /** Claims and publications per second, of all workers together, until one was terminated. */
  readonly operationsPerSecond: number;
}

/** Computes the figures. */
export function statisticsOf({ lives, members, results, terminated, restarted }: Race): Statistics {
  const attempts = lives.map(({ log }) => log.attempts());
  const all = attempts.flat();
  const [final] = results;
  const wins = attempts.map((attempts) => attempts.filter(({ won }) => won));
  const firstTokens = new Map<number, number>();
  for (const { line, token } of all) {
    firstTokens.set(line, Math.min(token, firstTokens.get(line) ?? Infinity));
  }

  const firstLife = lives.findIndex(({ worker }) => worker === terminated.worker);
  const secondLife = lives.findLastIndex(({ worker }) => worker === terminated.worker);
  const workers = lives.map(({ worker }, life): WorkerStatistics => {
    const won = wins[life];
    const tokens = new Map(won.map(({ line, token }) => [line, token]));
    return {
      id: members[worker],
      fate: life === firstLife ? "terminated" : life === secondLife ? "restarted" : null,
      won: won.length,
      lost: attempts[life].length - won.length,
      takenOver: won.filter(({ line, token }) => token > firstTokens.get(line)!).length,
      results: final.filter(({ token }, line) => tokens.get(line) === token).length,
      claim: latency(won.map(({ begun, answered }) => answered - begun)),
      publish: latency(
        won.filter(({ published }) => published > 0)
          .map(({ publishing, published }) => published - publishing),
      ),
    };
  });

  // Including claims that it got but could not record before the termination: other workers saw them.
  // Its second life has recorded all of its own.
  const ofSecondLife = new Set(wins[secondLife].map(({ token }) => token));
  const left = new Map<number, number>();
  for (const { line, token, owner } of all) {
    if (owner !== terminated.worker || ofSecondLife.has(token)) continue;
    if (final[line].token !== token) left.set(line, token);
  }
  const others = wins.flatMap((won, life) => life === firstLife ? [] : won);
  const after = (claims: readonly Attempt[]) =>
    claims.map(({ answered }) => answered - terminated.at).filter((time) => time > 0)
      .sort((a, b) => a - b);
  const takeovers = after(
    others.filter(({ line, token }) => left.has(line) && token > left.get(line)!),
  );

  const start = Math.min(...all.map(({ begun }) => begun));
  const ends = all.flatMap(({ answered, published }) => [answered, published]);
  const done = ends.filter((time) => time > 0 && time <= terminated.at).length;
  return {
    workers,
    failover: {
      worker: members[terminated.worker],
      unfinished: left.size,
      nextClaim: after(others)[0] ?? null,
      first: takeovers[0] ?? null,
      last: takeovers.at(-1) ?? null,
    },
    recovery: {
      worker: members[terminated.worker],
      startedAfter: restarted.at - terminated.at,
      took: restarted.ready - restarted.at,
      claims: wins[secondLife].length,
    },
    attempts: all.length,
    lost: all.length - workers.reduce((sum, { won }) => sum + won, 0),
    contested: contested(all),
    operationsPerSecond: done / (terminated.at - start) * 1000,
  };
}

function latency(times: number[]): Latency | null {
  if (times.length === 0) return null;
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  return { p50: at(0.5), p99: at(0.99) };
}

function contested(attempts: readonly Attempt[]): number {
  const lines = Map.groupBy(attempts, ({ line }) => line);
  let count = 0;
  for (const list of lines.values()) {
    const sorted = list.sort((a, b) => a.begun - b.begun);
    // Sorted by their start: if any two overlap, two neighbours overlap.
    if (sorted.some(({ begun }, index) => index > 0 && begun < sorted[index - 1].answered)) count++;
  }
  return count;
}
