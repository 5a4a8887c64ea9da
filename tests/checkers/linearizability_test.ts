import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { isLinearizableByForce } from "./brute_force.ts";
import { findLinearization, type Model, partitionBy, type Timed } from "./linearizability.ts";

/** A read/write register: `write` of a number, `read` with its result (`null`: outcome unknown). */
interface Access extends Timed {
  readonly type: "write" | "read";
  readonly value: number | null;
}

const register: Model<number, Access> = {
  initial: 0,
  apply: (state, { type, value }) =>
    type === "write" ? [value!] : value === null || value === state ? [state] : [],
  key: String,
  onlyLooks: ({ type }) => type === "read",
};

/** A counter: `add` one, `read` with its result. Two unknown adds differ from one. */
const counter: Model<number, Access> = {
  ...register,
  apply: (state, { type, value }) =>
    type === "write" ? [state + 1] : value === null || value === state ? [state] : [],
};

const write = (value: number, call: number, end = Infinity): Access => ({
  type: "write",
  value,
  call,
  return: end,
});
const read = (value: number, call: number, end: number): Access => ({
  type: "read",
  value,
  call,
  return: end,
});

/** A repeatable sequence of integers below `bound`. */
function draws(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

describe("findLinearization() on a read/write register", () => {
  const accepted: Record<string, Access[]> = {
    "an empty history": [],
    "sequential operations": [write(1, 1, 2), read(1, 3, 4), write(2, 5, 6), read(2, 7, 8)],
    "a read during a write sees the old value": [write(1, 1, 4), read(0, 2, 3)],
    "a read during a write sees the new value": [write(1, 1, 4), read(1, 2, 3)],
    "two concurrent writes, then the value of one": [write(1, 1, 4), write(2, 2, 3), read(1, 5, 6)],
    "two concurrent writes, then the value of the other": [
      write(1, 1, 4),
      write(2, 2, 3),
      read(2, 5, 6),
    ],
    "an unknown write that never happened": [write(1, 1), read(0, 2, 3), read(0, 4, 5)],
    "an unknown write that happened": [write(1, 1), read(1, 2, 3)],
    "an unknown write that happened long after": [write(1, 1), read(0, 2, 3), read(1, 4, 5)],
    "only unknown writes": [write(1, 1), write(2, 2)],
    "a result that only a later one explains": [
      write(1, 1, 10),
      write(2, 2, 9),
      read(2, 3, 4),
      read(1, 5, 6),
    ],
  };
  const rejected: Record<string, Access[]> = {
    "a value that no operation wrote": [read(7, 1, 2)],
    "a stale read": [write(1, 1, 2), read(0, 3, 4)],
    "a lost write": [write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)],
    "a read before the write began": [read(1, 1, 2), write(1, 3, 4)],
    "a read before an unknown write began": [read(1, 1, 2), write(1, 3)],
    "new, then old": [write(1, 1, 10), read(1, 2, 3), read(0, 4, 5)],
    "two orders of two writes": [
      write(1, 1, 10),
      write(2, 1, 10),
      read(1, 2, 3),
      read(2, 4, 5),
      read(1, 6, 7),
    ],
    "an unknown write that happened twice": [
      write(1, 1),
      read(1, 2, 3),
      write(2, 4, 5),
      read(2, 6, 7),
      read(1, 8, 9),
    ],
  };
  for (const [name, history] of Object.entries(accepted)) {
    it(`accepts ${name}`, () => {
      const found = findLinearization(register, history);
      assert(found.ok);
      assert(isLinearizableByForce(register, history));
    });
  }
  for (const [name, history] of Object.entries(rejected)) {
    it(`rejects ${name}`, () => {
      assertEquals(findLinearization(register, history).ok, false);
      assertEquals(isLinearizableByForce(register, history), false);
    });
  }

  it("returns the order that explains the history, unknown operations included", () => {
    const [unknown, late, first, second] = [
      write(1, 1),
      write(5, 2),
      read(0, 3, 4),
      read(1, 5, 6),
    ];
    const found = findLinearization(register, [second, unknown, late, first]);
    assertEquals(found, { ok: true, order: [first, unknown, second], configurations: 2 });
  });

  it("returns the longest order and the stuck operations, if there is no linearization", () => {
    const [one, two, stale] = [write(1, 1, 2), write(2, 3, 4), read(1, 5, 6)];
    const found = findLinearization(register, [one, two, stale]);
    assertEquals(found, {
      ok: false,
      order: [one, two],
      state: 2,
      stuck: [stale],
      configurations: 3,
    });
  });

  it("uses as many unknown operations as necessary", () => {
    const adds = [write(0, 1), write(0, 1), write(0, 2), write(0, 7)];
    assert(findLinearization(counter, [...adds, read(2, 3, 4), read(3, 5, 6)]).ok);
    assertEquals(findLinearization(counter, [...adds, read(4, 3, 4)]).ok, false);
    assert(findLinearization(counter, [...adds, read(4, 8, 9)]).ok);
    assertEquals(findLinearization(counter, [...adds, read(5, 8, 9)]).ok, false);
  });

  for (const [name, model] of Object.entries({ register, counter })) {
    it(`agrees with brute force on 4,000 small histories of a ${name}`, () => {
      const outcomes = { true: 0, false: 0 };
      for (let seed = 1; seed <= 4_000; seed++) {
        const draw = draws(seed);
        const history = Array.from({ length: 1 + draw(6) }, (_, i): Access => {
          const call = draw(12);
          const end = draw(4) === 0 ? Infinity : call + 1 + draw(6);
          if (draw(2) === 0) return write(i + 1, call, end);
          return read(draw(3), call, end === Infinity ? call + 1 : end);
        });
        const { ok } = findLinearization(model, history);
        assertEquals(ok, isLinearizableByForce(model, history), `seed ${seed}`);
        outcomes[`${ok}`]++;
      }
      // If nearly all histories were linearizable, or nearly none, the comparison would prove little.
      assertGreater(outcomes.true, 800);
      assertGreater(outcomes.false, 800);
    });
  }

  it("throws if the search exceeds its limit", () => {
    // Thirty concurrent adds, all with different results, in a model that distinguishes every order.
    const orders: Model<string, Access> = {
      initial: "",
      apply: (state, { type, value }) => type === "write" ? [`${state} ${value}`] : [],
      key: (state) => state,
    };
    const history = [
      ...Array.from({ length: 30 }, (_, i) => write(i, 1, 100)),
      read(1, 101, 102),
    ];
    assertThrows(() => findLinearization(orders, history, 1_000), RangeError, "no answer after");
  });

  it("stays far from its limit for 500 operations, ten at a time, one in ten unknown", () => {
    const draw = draws(5);
    const history: Access[] = [];
    const idle = Array.from({ length: 10 }, () => 0);
    let state = 0;
    for (let at = 10; history.length < 500; at += 10) {
      // Takes effect at `at`, an instant within its run.
      const client = draw(10);
      const call = Math.max(idle[client] + 1, at - draw(100));
      const end = at + draw(100);
      idle[client] = end;
      const type = draw(2) === 0 ? "write" : "read";
      if (type === "write") state = at;
      const lost = type === "write" && draw(5) === 0;
      if (call <= at) {
        history.push({ type, value: state, call, return: lost ? Infinity : end });
      } else if (type === "write") history.push(write(state, at, end));
    }
    const { ok, configurations } = findLinearization(register, history);
    assert(ok);
    assertLess(configurations, 10_000);
    // The same with one stale read near the end, so the whole space is searched.
    const last = Math.max(...history.map((o) => o.return === Infinity ? 0 : o.return));
    const spoilt = findLinearization(register, [...history, read(-1, last + 1, last + 2)]);
    assertEquals(spoilt.ok, false);
    assertLess(spoilt.configurations, 60_000);
  });
});

describe("partitionBy()", () => {
  it("splits by key, and keeps the order", () => {
    const parts = partitionBy([3, 1, 4, 1, 5, 9, 2, 6], (n) => n % 2);
    assertEquals([...parts], [[1, [3, 1, 1, 5, 9]], [0, [4, 2, 6]]]);
  });
});
