import { type Calls, type Fruit, FRUITS } from "./messages.ts";

/** One instance of a counter, as its callers saw it. */
export interface Instance {
  readonly fruit: Fruit;
  readonly host: string;
  readonly token: number;
  /** What it answered, to whichever worker, in the order in which it counted. */
  readonly counts: readonly number[];
  /** When it first and last counted, as far as its callers know. */
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
 * Says what is wrong with what the workers were answered, in words; an empty list if nothing is:
 *
 * 1. Has each instance counted each call once? All counts are different, each worker's own grow, and
 *    none is missing but those of calls whose outcome is unknown.
 * 2. Was there ever one instance of each counter only? Each has counted its last before the next one
 *    counted its first, which has the greater token.
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
