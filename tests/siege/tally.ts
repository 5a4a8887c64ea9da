/** Number of occurrences of each answer. */
export type Tally = Map<string, number>;

/** Counts one more occurrence. */
export function count(tally: Tally, answer: string | number): void {
  tally.set(`${answer}`, (tally.get(`${answer}`) ?? 0) + 1);
}

/** Calls `work` with all numbers below `total`, `width` at a time; counts the results. */
export async function tallyUp(
  total: number,
  width: number,
  work: (index: number) => Promise<string | number>,
): Promise<Tally> {
  const tally: Tally = new Map();
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < total) count(tally, await work(next++));
  }));
  return tally;
}
