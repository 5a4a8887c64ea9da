import { now } from "./clock.ts";
import { type Figures, figuresOf } from "./figures.ts";

/**
 * Runs `count` operations, `concurrency` at a time: whenever one ends, the next one begins.
 * `operation` is called with the index of each.
 */
export async function closedLoop(
  count: number,
  concurrency: number,
  operation: (index: number) => Promise<unknown>,
): Promise<Figures> {
  const latencies: number[] = [];
  let next = 0;
  const hand = async () => {
    while (next < count) {
      const index = next++;
      const begun = performance.now();
      await operation(index);
      latencies.push(performance.now() - begun);
    }
  };
  const begun = now();
  await Promise.all(Array.from({ length: concurrency }, hand));
  return figuresOf(latencies, now() - begun);
}
