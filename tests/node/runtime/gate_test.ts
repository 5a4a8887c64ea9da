import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Gate } from "../../../lib/node/runtime/gate.ts";

describe("Gate", () => {
  it("admits a limited number at a time, and the others in the order of arrival", () => {
    const gate = new Gate(2);
    const inside: number[] = [];
    const leave = Array.from({ length: 5 }, (_, n) => gate.enter(() => inside.push(n)));
    assertEquals(inside, [0, 1]);
    leave[1]();
    assertEquals(inside, [0, 1, 2]);
    leave[1]();
    assertEquals(inside, [0, 1, 2]);
    leave[3]();
    leave[0]();
    assertEquals(inside, [0, 1, 2, 4]);
    leave[2]();
    leave[4]();
    assertEquals(gate.size, 0);
  });

  it("keeps the order and its count when entries leave in any order", () => {
    const gate = new Gate(3);
    const waiting: number[] = [];
    const passed: number[] = [];
    const leaves = new Map<number, () => void>();
    const expected: number[] = [];
    let inside = 0;
    let random = 7;
    const admit = () => {
      while (inside < 3 && waiting.length > 0) {
        expected.push(waiting.shift()!);
        inside++;
      }
    };
    for (let n = 0; n < 20_000; n++) {
      waiting.push(n);
      admit();
      leaves.set(n, gate.enter(() => passed.push(n)));
      for (let k = 0; k < 2; k++) {
        random = (random * 48_271) % 2_147_483_647;
        // Most entries leave without having passed.
        const one = random % 3 === 0 ? expected[expected.length - 1 - k] ?? 0 : random % (n + 1);
        const leave = leaves.get(one);
        if (leave === undefined) continue;
        leaves.delete(one);
        const at = waiting.indexOf(one);
        if (at >= 0) waiting.splice(at, 1);
        else inside--;
        admit();
        leave();
        if (random % 5 === 0) leave();
      }
    }
    assertEquals(passed, expected);
    assertLess(1_000, passed.length);
  });

  it("does not remember entries that left without having passed", () => {
    const gate = new Gate(1);
    gate.enter(() => {});
    const patient: (() => void)[] = [];
    for (let n = 0; n < 50_000; n++) {
      const leave = gate.enter(() => {});
      if (n % 500 === 0) patient.push(leave);
      else leave();
    }
    assertLess(gate.size, 2_000);
    for (const leave of patient) leave();
  });
});
