import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RecentMap } from "../../../lib/node/runtime/recent_map.ts";
import { Random } from "../../../testing/random.ts";

describe("RecentMap", () => {
  it("returns the value set last", () => {
    const map = new RecentMap<string, number>(3);
    map.set("a", 1);
    map.set("b", 3);
    map.set("a", 2);
    assertEquals(["a", "b", "c"].map((key) => map.get(key)), [2, 3, undefined]);
    map.delete("a");
    assertEquals([map.get("a"), map.size], [undefined, 1]);
    map.clear();
    assertEquals([map.get("b"), map.size], [undefined, 0]);
  });

  it("forgets the least recently set or used entry first", () => {
    const map = new RecentMap<number, number>(3);
    for (const key of [1, 2, 3]) map.set(key, key);
    assertEquals(map.use(1), 1);
    assertEquals(map.get(2), 2);
    map.set(4, 4);
    assertEquals([1, 2, 3, 4].map((key) => map.get(key)), [1, undefined, 3, 4]);
    assertEquals(map.use(2), undefined);
  });

  it("behaves as a map that searches all entries for the oldest, for random operations", () => {
    const map = new RecentMap<number, number>(50, 500, (key, value) => key % 30 + value % 7);
    const weigh = (key: number, value: number) => key % 30 + value % 7;
    let expected: [number, number][] = [];
    const random = new Random("recent map");
    for (let step = 0; step < 20_000; step++) {
      const key = Math.floor(random.fraction() * 120);
      const what = random.fraction();
      // Sometimes for long without an entry that has to go, sometimes constantly with one.
      const shrinks = Math.floor(step / 500) % 2 === 0;
      const old = expected.find(([other]) => other === key);
      if (what < (shrinks ? 0.5 : 0.05)) {
        map.delete(key);
        expected = expected.filter(([other]) => other !== key);
      } else if (what < 0.7 && old !== undefined) {
        assertEquals(map.use(key), old[1]);
        expected = [...expected.filter(([other]) => other !== key), old];
      } else {
        map.set(key, step);
        expected = [...expected.filter(([other]) => other !== key), [key, step]];
      }
      const weight = () => expected.reduce((sum, [key, value]) => sum + weigh(key, value), 0);
      while (expected.length > 50 || weight() > 500) expected.shift();
      if (step % 10 > 0) continue;
      for (let key = 0; key < 120; key++) {
        assertEquals(map.get(key), expected.find(([other]) => other === key)?.[1]);
      }
    }
  });

  it("keeps no entry that is larger than the limit of all", () => {
    const map = new RecentMap<string, number>(10, 100, (_key, value) => value);
    map.set("light", 10);
    map.set("heavy", 101);
    assertEquals([map.size, map.get("heavy")], [0, undefined]);
    map.set("heavy", 100);
    assertEquals(map.get("heavy"), 100);
  });
});
