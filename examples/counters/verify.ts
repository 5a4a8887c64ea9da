import { type Calls, type Fruit, FRUITS } from "./messages.ts";

/** One instance of a counter, as its callers observed it. */
export interface Instance {
  readonly fruit: Fruit;
  readonly host: string;
  readonly token: number;
  /** Its answers to all workers, in the order in which it counted. */
  readonly counts: readonly number[];
  /** The first and the last time at which it counted, as far as its callers know. */
  readonly from: number;
  readonly to: number;
}

/** The instances of all fruits, in the order of their tokens. */
export function instancesOf(calls: readonly Calls[]): Instance[] {
  const answers = calls.flatMap((calls) => calls.answers);
  const groups = Map.groupBy(answers, ({ fruit, token }) => `${fruit} ${token}`);
  return Array.from(groups.values(), (group) => {
    const { fruit, host, token } = group[0];
    const counts = group.map(({ count }) => count).sort((a, b) => a - b);
    const times = group.map(({ at }) => at).sort((a, b) => a - b);
    return { fruit, host, token, counts, from: times[0], to: times[times.length - 1] };
  }).sort((a, b) => a.token - b.token);
}

/**
 * Checks the answers that the workers got. Returns a description of each mistake:
 *
 * 1. Each instance has counted each call once. All counts are different, those of each worker grow, and
 *    none is missing except those of calls whose outcome is unknown.
 * 2. Each counter had one instance at a time. An instance has counted its last call before the next one,
 *    which has the greater token, counted its first.
 */
export function findMistakes(calls: readonly Calls[]): string[] {
  const instances = instancesOf(calls);
  return [
    ...calls.flatMap(checkOrder),
    ...FRUITS.flatMap((fruit) => {
      const own = instances.filter((instance) => instance.fruit === fruit);
      const unknown = calls.flatMap((calls) => calls.unknown).filter((each) => each === fruit);
      return [...checkCounts(fruit, own, unknown.length), ...checkSuccession(own)];
    }),
  ];
}

function checkOrder({ answers }: Calls): string[] {
  const last = new Map<string, number>();
  return answers.flatMap(({ fruit, token, count }) => {
    const instance = `${fruit} ${token}`;
    const before = last.get(instance) ?? 0;
    last.set(instance, count);
    return count > before ? [] : [`${fruit}: ${count} came after ${before}`];
  });
}

function checkCounts(fruit: Fruit, instances: readonly Instance[], unknown: number): string[] {
  const wrong: string[] = [];
  let missing = 0;
  for (const { host, counts } of instances) {
    const different = new Set(counts);
    if (different.size < counts.length) wrong.push(`${fruit} on ${host}: a count came twice`);
    missing += counts[counts.length - 1] - different.size;
  }
  if (missing > unknown) wrong.push(`${fruit}: ${missing} counts are missing, not ${unknown}`);
  return wrong;
}

function checkSuccession(instances: readonly Instance[]): string[] {
  return instances.slice(1).flatMap((next, index) => {
    const { fruit, host, to } = instances[index];
    return to < next.from ? [] : [`${fruit}: ${host} still counted when ${next.host} did`];
  });
}
