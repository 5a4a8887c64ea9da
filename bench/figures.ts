/** The figures of a measurement; times in milliseconds. */
export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** How many operations gave up, and were begun again; absent: none did. */
  readonly gaveUp?: number;
}

/** The figures of operations with these latencies, which took `elapsed` all together. */
export function figuresOf(latencies: readonly number[], elapsed: number): Figures {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  return { perSecond: latencies.length / elapsed * 1000, p50: at(0.5), p99: at(0.99) };
}

/** Figures, with the number of operations that gave up. */
export function withGaveUp(figures: Figures, gaveUp: number): Figures {
  return gaveUp === 0 ? figures : { ...figures, gaveUp };
}

/** The median of each figure over several repetitions, and the sum of what gave up. */
export function medians(repetitions: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number) => median(repetitions.map(pick));
  const figures = {
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
  };
  return withGaveUp(figures, repetitions.reduce((sum, { gaveUp = 0 }) => sum + gaveUp, 0));
}

/** The median; for an even number of values, the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.ceil(sorted.length / 2) - 1];
}
