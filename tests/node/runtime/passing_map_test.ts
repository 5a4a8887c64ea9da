// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { PassingMap } from "../../../lib/node/runtime/passing_map.ts";

describe("PassingMap", () => {
  it("has the values that were set last, in the order in which their keys were added", () => {
    const map = new PassingMap<string, number>();
    assertEquals([map.size, map.get("a"), map.values()], [0, undefined, []]);
    map.set("a", 1);
    map.set("b", 2);
    map.set("a", 3);
    assertEquals([map.size, map.get("a"), map.get("b"), map.values()], [2, 3, 2, [3, 2]]);
  });

  it("delete() removes an entry, once", () => {
    const map = new PassingMap<string, number>();
    map.set("a", 1);
    map.set("b", 2);
    assertEquals([map.delete("a"), map.delete("a"), map.delete("c")], [true, false, false]);
    assertEquals([map.size, map.get("a"), map.values()], [1, undefined, [2]]);
    map.set("a", 4);
    assertEquals(map.values(), [2, 4]);
  });

  it("values() is a list of its own: entries may go while it is read", () => {
    const map = new PassingMap<number, number>();
    for (const key of [1, 2, 3]) map.set(key, key);
    const seen: number[] = [];
    for (const value of map.values()) {
      map.delete(3);
      seen.push(value);
    }
    assertEquals([seen, map.values()], [[1, 2, 3], [1, 2]]);
  });

  it("delete() empties what an old table of the map still refers to", () => {
    const boxes: { readonly value: unknown }[] = [];
    const { set } = Map.prototype;
    const map = new PassingMap<string, object>();
    Map.prototype.set = function (key, box) {
      boxes.push(box);
      return set.call(this, key, box);
    };
    try {
      map.set("a", { much: true });
    } finally {
      Map.prototype.set = set;
    }
    assertEquals(boxes, [{ value: { much: true } }]);
    map.delete("a");
    assertEquals(boxes, [{ value: undefined }]);
  });
});
