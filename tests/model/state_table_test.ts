import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { StateTable } from "./state_table.ts";

describe("StateTable", () => {
  it("add() numbers rows in the order of their addition, each once", () => {
    const table = new StateTable(2);
    const row = (a: number, b: number) => Uint32Array.of(a, b);
    assertEquals(table.add(row(1, 2)), 0);
    assertEquals(table.add(row(2, 1)), 1);
    assertEquals(table.add(row(1, 2)), -1);
    assertEquals(table.add(row(2, 1)), -2);
    assertEquals(table.size, 2);
  });

  it("finds and reads all of many rows after it has grown", () => {
    const table = new StateTable(3);
    const count = 100_000; // grows twice, and has several chunks
    const row = new Uint32Array(3);
    const fill = (i: number) => row.set([i % 7, i, Math.imul(i, 0x9e3779b1)]);
    for (let i = 0; i < count; i++) {
      fill(i);
      assertEquals(table.add(row), i);
    }
    const read = new Uint32Array(3);
    for (let i = 0; i < count; i++) {
      fill(i);
      assertEquals(table.add(row), -1 - i);
      table.read(i, read);
      assertEquals(read.join(), row.join());
    }
  });
});
