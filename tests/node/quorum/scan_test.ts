// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Scan } from "../../../lib/node/quorum/scan.ts";

/** A scan of `items` that takes what `takes` says, and what it was offered. */
function scanOf(items: Iterable<number>, takes: (item: number) => boolean = () => true) {
  const offered: number[] = [];
  const scan = new Scan(() => items, (item) => {
    offered.push(item);
    return takes(item);
  });
  const go = (count: number) => [scan.go(count), offered.splice(0)];
  return { go };
}

describe("Scan", () => {
  it("offers a bounded number of items at a time, and begins again after the end", () => {
    const { go } = scanOf([1, 2, 3]);
    assertEquals([go(2), go(2), go(2)], [[false, [1, 2]], [true, [3]], [false, [1, 2]]]);
  });

  it("reaches the end with the call after the last item", () => {
    const { go } = scanOf([1, 2]);
    assertEquals([go(2), go(2), go(1)], [[false, [1, 2]], [true, []], [false, [1]]]);
  });

  it("stops at an item that is not taken, and offers it again", () => {
    let open = false;
    const { go } = scanOf([1, 2, 3], (item) => item !== 2 || open);
    assertEquals([go(5), go(5)], [[false, [1, 2]], [false, [2]]]);
    open = true;
    assertEquals(go(5), [true, [2, 3]]);
  });

  it("is at the end of nothing at once", () => {
    const { go } = scanOf([]);
    assertEquals([go(1), go(0)], [[true, []], [false, []]]);
  });

  it("sees items that are added and removed meanwhile, as the source does", () => {
    const items = new Set([1, 2, 3]);
    const { go } = scanOf(items);
    assertEquals(go(1), [false, [1]]);
    items.delete(2);
    items.add(4);
    assertEquals(go(5), [true, [3, 4]]);
  });
});
