// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LinkedList } from "../../../lib/node/runtime/linked_list.ts";

describe("LinkedList", () => {
  it("lists values in the order in which they were added, the same one more than once", () => {
    const list = new LinkedList<string>();
    assertEquals([list.size, list.values()], [0, []]);
    for (const value of ["a", "b", "a"]) list.add(value);
    assertEquals([list.size, list.values()], [3, ["a", "b", "a"]]);
  });

  it("removes any of them by its place, once", () => {
    for (const order of ["012", "021", "102", "120", "201", "210"]) {
      const list = new LinkedList<string>();
      const places = ["a", "b", "c"].map((value) => list.add(value));
      const left = new Set(["a", "b", "c"]);
      for (const index of [...order].map(Number)) {
        assertEquals(list.remove(places[index]), true, order);
        assertEquals(list.remove(places[index]), false, order);
        left.delete(places[index].value);
        assertEquals([list.size, list.values()], [left.size, [...left]], order);
      }
      list.add("d");
      assertEquals(list.values(), ["d"]);
    }
  });

  it("shift() removes the first one", () => {
    const list = new LinkedList<string>();
    const place = list.add("a");
    list.add("b");
    assertEquals([list.shift(), list.remove(place), list.values()], ["a", false, ["b"]]);
    assertEquals([list.shift(), list.shift(), list.size], ["b", undefined, 0]);
  });

  it("a removed place refers to no other one", () => {
    const list = new LinkedList<number>();
    const places = [1, 2, 3].map((value) => list.add(value));
    list.remove(places[1]);
    assertEquals([places[1].previous, places[1].next], [null, null]);
    assertEquals([places[0].next, places[2].previous], [places[2], places[0]]);
  });
});
