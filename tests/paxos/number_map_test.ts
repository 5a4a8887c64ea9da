import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLess } from "@std/assert";
import { NumberMap } from "../../lib/paxos/number_map.ts";
import { slowdown } from "../support/colliding_integers.ts";

describe("NumberMap", () => {
  it("keeps entries in the order in which they were first set", () => {
    const map = new NumberMap<string>();
    for (const number of [3, 1, 2 ** 53 - 1, -1, 0.5]) map.set(number, `${number}`);
    map.set(1, "one");
    assertEquals([...map.keys()], [3, 1, 2 ** 53 - 1, -1, 0.5]);
    assertEquals([...map.values()], ["3", "one", `${2 ** 53 - 1}`, "-1", "0.5"]);
    assertEquals([map.size, map.get(1), map.get(2)], [5, "one", undefined]);
    assertEquals([map.has(3), map.delete(3), map.delete(3), map.has(3)], [
      true,
      true,
      false,
      false,
    ]);
    assertEquals([...map.keys()], [1, 2 ** 53 - 1, -1, 0.5]);
    map.clear();
    assertEquals([map.size, [...map.keys()]], [0, []]);
  });

  it("may be changed while its numbers are read", () => {
    const map = new NumberMap<number>();
    for (let i = 0; i < 10; i++) map.set(i, i);
    for (const number of map.keys()) if (number % 2 === 0) map.delete(number);
    assertEquals([...map.values()], [1, 3, 5, 7, 9]);
  });

  it("takes no longer with numbers that collide in a Map", () => {
    const ratio = slowdown(10_000, (numbers) => {
      const map = new NumberMap<number>();
      for (const number of numbers) map.set(number, number);
      for (const number of numbers) map.get(number);
    });
    assertLess(ratio, 10);
  });
});
