/**
 * A random item among those for which `may` returns true (reservoir sampling); `undefined` if there is
 * none. Chooses the entry to evict from a full table: under a flood most evicted entries belong to the
 * flood, whereas evicting the oldest would hit the entries from before it.
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
