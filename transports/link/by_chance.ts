/**
 * One of `items` by chance, among those that `may`; `undefined` if there is none. For tables that are full:
 * whoever fills most of it loses most, while the oldest to go would be those that a flood has overtaken.
 */
export function byChance<T>(
  items: Iterable<T>,
  may: (item: T) => boolean,
  random: () => number = Math.random,
): T | undefined {
  let chosen: T | undefined;
  let count = 0;
  for (const item of items) if (may(item) && random() * ++count < 1) chosen = item;
  return chosen;
}
