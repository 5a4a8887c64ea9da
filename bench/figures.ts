/** The figures of a measurement; times in milliseconds. */
export interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** The figures of operations with these latencies, which took `elapsed` all together. */
export function figuresOf(latencies: readonly number[], elapsed: number): Figures {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  return { perSecond: latencies.length / elapsed * 1000, p50: at(0.5), p99: at(0.99) };
}

/** The median of each figure over several repetitions. */
export function medians(repetitions: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number) => median(repetitions.map(pick));
  return {
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
  };
}

/** The median; for an even number of values, the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.ceil(sorted.length / 2) - 1];
}
