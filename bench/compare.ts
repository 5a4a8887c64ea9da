import { type Figures, medians } from "./figures.ts";
import type { Row } from "./rows.ts";
import { MEMBERS, type Setting } from "./setting.ts";

/** The effort of a measurement. */
export interface Effort {
  /** Number of times that a row and its floor are measured, in turn. */
  readonly repetitions: number;
  /** Approximate duration of one measurement, in milliseconds. */
  readonly budget: number;
}

/** A row beside its floor. */
export interface Comparison {
  readonly figures: Figures;
  /** `null` where the protocol needs no round trip. */
  readonly floor: Figures | null;
}

/** Operations at most in one measurement. */
const MOST = 10_000;

/** Operations whose frames are measured for the floor: an odd number, for the median. */
const METERED = 21;

/**
 * Measures a row and its floor in turn, several times, so that other load on the machine affects both.
 * Returns the medians.
 */
export async function compare(
  setting: Setting,
  row: Row,
  concurrency: number,
  { repetitions, budget }: Effort,
): Promise<Comparison> {
  await row.heat?.(setting);
  setting.meter.start();
  await row.run(setting, METERED, 1);
  const toAll = concurrency === 1 ? row.toAll : 0;
  const sizes = setting.meter.stop(row.roundTrips).map((one, index) => ({
    ...one,
    answers: index < toAll ? MEMBERS.length - 1 : 1,
  }));

  const own = await warmUp((count) => row.run(setting, count, concurrency), concurrency, budget);
  const bare = sizes.length === 0 ? null : await warmUp(
    (count) => row.rhythm(count, concurrency, () => setting.floor.run(sizes)),
    concurrency,
    budget,
  );
  const figures: Figures[] = [];
  const floors: Figures[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    if (bare !== null) floors.push(await bare());
    figures.push(await own());
  }
  return { figures: medians(figures), floor: bare === null ? null : medians(floors) };
}

/**
 * Duration of the longest run of a warm-up at least, in milliseconds, also where a measurement is shorter: so long takes a
 * runtime to compile what an operation needs. A run before that says more about the amount of code than about its speed.
 */
const WARM_UP = 300;

/** Runs until the code is hot; returns a function that measures for about the budget. */
export async function warmUp(
  run: (count: number) => Promise<Figures>,
  concurrency: number,
  budget: number,
): Promise<() => Promise<Figures>> {
  let count = concurrency;
  const longest = Math.max(budget, WARM_UP);
  for (const time of [0.1 * longest, 0.5 * longest, longest, budget]) {
    const { perSecond } = await run(count);
    const affordable = Math.floor(perSecond * time / 1000);
    // Whole rounds, and enough operations for a meaningful median.
    const rounds = Math.ceil(Math.max(20, Math.min(MOST, affordable)) / concurrency);
    count = Math.max(2, rounds) * concurrency;
  }
  return () => run(count);
}
