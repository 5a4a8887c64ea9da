// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { it } from "@std/testing/bdd";
import { sameNodes } from "../../lib/paxos/same_nodes.ts";

it("sameNodes() compares names in any order", () => {
  assertEquals([sameNodes([], []), sameNodes(["a", "b"], ["b", "a"])], [true, true]);
  for (const other of [["a"], ["a", "c"], ["a", "b", "c"], []]) {
    assertEquals([sameNodes(["a", "b"], other), sameNodes(other, ["a", "b"])], [false, false]);
  }
  // A list from the network may name one twice.
  assertEquals([sameNodes(["a", "a"], ["a", "b"]), sameNodes(["a", "b"], ["a", "a"])], [
    false,
    false,
  ]);
});
