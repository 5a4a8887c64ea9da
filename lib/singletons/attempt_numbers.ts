/** What a caller has told of the numbers of its attempts. */
export interface AttemptNumbers {
  /** The numbers that are remembered in ascending order, and some that are not any more. */
  readonly numbers: readonly number[];
  /** Below this number the caller has told which attempts it still waits for. */
  readonly told: number;
  /** The attempts that the caller still waits for, according to all that it has told, in ascending order. */
  readonly waitedFor: readonly number[];
}

/** Whether the caller has said that an attempt is over for it. */
export function isOver({ told, waitedFor }: AttemptNumbers, sequence: number): boolean {
  return sequence < told && !includes(waitedFor, sequence);
}

/** A number, not below `from`, before which none has arrived or may still arrive. */
export function nextExpected({ numbers, waitedFor, told }: AttemptNumbers, from: number): number {
  const next = [numbers, waitedFor].map((some) => some[placeOf(some, from)] ?? told);
  return Math.min(told, ...next);
}

/** The numbers of two ascending lists as one. */
export function union(some: readonly number[], others: readonly number[]): number[] {
  const all = [...some, ...others].sort((a, b) => a - b);
  return all.filter((number, index) => number !== all[index - 1]);
}

/** Whether an ascending list has `number`. */
export function includes(numbers: readonly number[], number: number): boolean {
  return numbers[placeOf(numbers, number)] === number;
}

/** The index of the first of these ascending numbers that is not below `number`. */
export function placeOf(numbers: readonly number[], number: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (numbers[middle] < number) from = middle + 1;
    else to = middle;
  }
  return from;
}
