import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RecentMap } from "../../lib/node/recent_map.ts";

describe("RecentMap", () => {
  it("gives what was set last", () => {
    const map = new RecentMap<string, number>(4);
    map.set("a", 1);
    map.set("a", 2);
    map.set("b", 3);
    map.set("c", 4);
    // In the older half by now, and set anew.
    map.set("a", 5);
    assertEquals(["a", "b", "c", "d"].map((key) => map.get(key)), [5, 3, 4, undefined]);
    map.delete("a");
    map.delete("b");
    assertEquals(["a", "b", "c"].map((key) => map.get(key)), [undefined, undefined, 4]);
    map.clear();
    assertEquals([map.get("c"), map.size], [undefined, 0]);
  });

  it("keeps the last half of its entries at least, and never more than all", () => {
    const map = new RecentMap<number, number>(1_000);
    for (let key = 0; key < 10_000; key++) {
      map.set(key, key);
      assertLessOrEqual(map.size, 1_000);
      if (key >= 499) assertEquals(map.get(key - 499), key - 499);
    }
  });

  it("keeps no more than its weight, but for one that is heavier", () => {
    const map = new RecentMap<number, number>(1_000, 100);
    const weigh = () => {
      let weight = 0;
      for (let key = 0; key < 300; key++) weight += map.get(key) ?? 0;
      return weight;
    };
    for (let key = 0; key < 300; key++) {
      map.set(key, 1 + key % 20, 1 + key % 20);
      assertLessOrEqual(weigh(), 100);
      if (key > 20) assertGreaterOrEqual(weigh(), 30);
    }
    map.set(300, 500, 500);
    assertEquals(map.get(300), 500);
    map.set(301, 1, 1);
    map.set(302, 60, 60);
    assertEquals(map.get(300), undefined);
  });

  it("says what goes last, so that it can be set anew what is used", () => {
    const map = new RecentMap<number, number>(10);
    for (let key = 0; key < 100; key++) {
      map.set(key, key);
      if (!map.isRecent(0)) map.set(0, map.get(0)!);
    }
    assertEquals(map.get(0), 0);
  });
});
