import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { isLinearizableByForce } from "./brute_force.ts";
import { CELL, type CellOperation, checkCells, type RecordedCell, withUnseen } from "./cells.ts";
import { findLinearization } from "./linearizability.ts";
import { Random } from "../../testing/random.ts";

/** An operation without its time. */
type Op = CellOperation extends infer O
  ? O extends CellOperation ? Omit<O, "call" | "return"> : never
  : never;

const set = (name: string, token?: number): Op => ({
  ...{ type: "set", name },
  ...(token !== undefined && { result: { token } }),
});
const swap = (name: string, over: number, token: number | "conflict" | undefined): Op => ({
  ...{ type: "compareAndSet", name, over },
  ...(token !== undefined && { result: token === "conflict" ? token : { token } }),
});
const update = (name: string, before: string | null, token: number): Op => ({
  ...{ type: "update", name, result: { before, token } },
});
const remove: Op = { type: "delete", result: true };
const read = (name: string | null, token?: number): Op => ({
  ...{ type: "read", name },
  ...(token !== undefined && { token }),
});

/** Whether these operations, one after the other, can be explained; those without a result never return. */
function holds(...operations: Op[]): boolean {
  const history = operations.map((operation, index) => {
    const isKnown = operation.type === "read" || operation.result !== undefined;
    return { ...operation, call: 2 * index, return: isKnown ? 2 * index + 1 : Infinity };
  }) as CellOperation[];
  const found = findLinearization(CELL, history).ok;
  assertEquals(found, isLinearizableByForce(CELL, history));
  return found;
}

describe("checkCells()", () => {
  it("explains what a cell does", () => {
    assertEquals(holds(read(null), set("a", 3), read("a", 3), remove, read(null)), true);
    assertEquals(holds(set("a", 3), swap("b", 3, 5), read("b", 5), swap("c", 3, "conflict")), true);
    assertEquals(holds(swap("a", 0, 2), swap("b", 0, "conflict"), update("c", "a", 4)), true);
    assertEquals(holds(update("a", null, 2), remove, update("b", null, 5), read("b", 5)), true);
  });

  it("finds lost and doubled changes, and old values", () => {
    assertEquals(holds(set("a", 3), read(null)), false);
    assertEquals(holds(set("a", 3), set("b", 5), read("a")), false);
    assertEquals(holds(update("a", null, 2), update("b", null, 4)), false);
    assertEquals(holds(set("a", 3), remove, read("a", 3)), false);
  });

  it("finds comparisons with the wrong result", () => {
    assertEquals(holds(set("a", 3), swap("b", 3, "conflict")), false);
    assertEquals(holds(set("a", 3), set("b", 4), swap("c", 3, 5)), false);
    assertEquals(holds(set("a", 3), swap("c", 0, 5)), false);
    assertEquals(holds(set("a", 3), remove, swap("c", 0, "conflict")), false);
    assertEquals(holds(swap("a", 0, 2), swap("b", 0, 3)), false);
  });

  it("finds tokens that do not grow, or of another value", () => {
    assertEquals(holds(set("a", 3), set("b", 3)), false);
    assertEquals(holds(set("a", 3), remove, set("b", 2)), false);
    assertEquals(holds(set("a", 3), read("a", 4)), false);
  });

  it("lets an unknown operation take effect at any time, once, or never", () => {
    assertEquals(holds(set("u"), read(null), set("a", 3), read("u"), read("u")), true);
    assertEquals(holds(set("u"), set("a", 3), read("a", 3)), true);
    assertEquals(holds(set("u"), read("u"), set("a", 3), read("u")), false);
    assertEquals(holds(swap("u", 3, undefined), set("a", 3), read("u", 5)), true);
    assertEquals(holds(swap("u", 2, undefined), set("a", 3), read("u", 5)), false);
    assertEquals(holds({ type: "delete" }, set("a", 3), read(null), read(null)), true);
    assertEquals(holds({ type: "update", name: "u" }, set("a", 3), read("u", 5)), true);
  });

  it("agrees with all orders, for random histories", () => {
    const random = new Random("cells");
    let good = 0;
    for (let round = 0; round < 300; round++) {
      const history = Array.from({ length: random.integer(2, 5) }, (_, index): CellOperation => {
        const call = random.integer(0, 8);
        const end = call + random.integer(1, 4);
        const tag = `v${index}`;
        const token = random.integer(1, 5);
        const other = random.pick([null, "v0", "v1", "v2"]);
        const known = random.chance(0.8);
        const op = random.pick<Op>([
          known ? set(tag, token) : set(tag),
          swap(
            tag,
            random.integer(0, 4),
            known ? random.pick([token, "conflict" as const]) : undefined,
          ),
          known ? update(tag, other, token) : { type: "update", name: tag },
          known ? remove : { type: "delete" },
          read(other, other !== null && random.chance(0.5) ? token : undefined),
        ]);
        const isKnown = op.type === "read" || op.result !== undefined;
        return { ...op, call, return: isKnown ? end : Infinity } as CellOperation;
      });
      const found = findLinearization(CELL, history).ok;
      assertEquals(found, isLinearizableByForce(CELL, history));
      assertEquals(findLinearization(CELL, withUnseen(history)).ok, found);
      if (found) good++;
    }
    assertEquals(good > 30 && good < 270, true);
  });

  it("reports each cell with another history, and what cannot follow", () => {
    const on = (cell: string, operation: Op, call: number): RecordedCell =>
      ({ ...operation, on: cell, label: "w1 works", call, return: call + 1 }) as RecordedCell;
    const violations = checkCells([
      on("good", set("a", 1), 0),
      on("bad", set("b", 1), 0),
      on("bad", read(null), 2),
    ]);
    assertEquals(violations.length, 1);
    assertStringIncludes(violations[0], "bad: 2 operations are not linearizable");
    assertStringIncludes(
      violations[0],
      "it holds b, and none of these can follow:\n  [2, 3] w1 works",
    );
  });
});
