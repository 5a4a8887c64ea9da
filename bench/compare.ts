import { type Figures, medians } from "./figures.ts";
import type { Row } from "./rows.ts";
import type { Setting } from "./setting.ts";

/** How thoroughly to measure. */
export interface Effort {
  /** How often a row and its floor are measured, in turn. */
  readonly repetitions: number;
  /** About how long one measurement takes, in milliseconds. */
  readonly budget: number;
}

/** A row beside its floor. */
export interface Comparison {
  readonly figures: Figures;
  /** `null` where the protocol needs no round trip. */
  readonly floor: Figures | null;
}

/** So many operations at most in one measurement. */
const MOST = 10_000;

/** The frames of so many operations are looked at. */
const METERED = 21;

/**
 * Measures a row and its floor in turn, several times, so that whatever else happens on the machine hits
 * both; gives the medians.
 */
export async function compare(
  setting: Setting,
  row: Row,
  concurrency: number,
  { repetitions, budget }: Effort,
): Promise<Comparison> {
  setting.meter.start();
  await row.run(setting, METERED, 1);
  const sizes = setting.meter.stop(row.roundTrips);

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

/** Runs until the code is hot; gives what measures for about as long as the budget allows. */
async function warmUp(
  run: (count: number) => Promise<Figures>,
  concurrency: number,
  budget: number,
): Promise<() => Promise<Figures>> {
  let count = concurrency;
  for (const share of [0.1, 0.5, 1]) {
    const { perSecond } = await run(count);
    const affordable = Math.floor(perSecond * budget * share / 1000);
    // Whole rounds, and never so few that a median says nothing.
    const rounds = Math.ceil(Math.max(20, Math.min(MOST, affordable)) / concurrency);
    count = Math.max(2, rounds) * concurrency;
  }
  return () => run(count);
}
