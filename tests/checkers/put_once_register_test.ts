import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { isLinearizableByForce } from "./brute_force.ts";
import { findLinearization } from "./linearizability.ts";
import {
  type Put,
  putOnceRegister,
  type Read,
  type RegisterOperation,
} from "./put_once_register.ts";

type Saw = Pick<Read, "present" | "value" | "token" | "node" | "pid">;

const linearize = (history: RegisterOperation[]) =>
  findLinearization(putOnceRegister(history), history);
const linearizeByForce = (history: RegisterOperation[]) =>
  isLinearizableByForce(putOnceRegister(history), history);

/** A put that writes its value, unless `result` says otherwise. */
const put = (
  value: string,
  [call, end]: readonly [number, number],
  options: Partial<Put> = {},
): Put => ({ type: "put", value, bound: false, call, return: end, result: { value }, ...options });

/** A put of a bound value. */
const bound = (
  value: string,
  time: readonly [number, number],
  options: Partial<Put> = {},
): Put => put(value, time, { bound: true, ...options });

/** A put whose outcome is unknown. */
const unknown = (value: string, call: number, options: Partial<Put> = {}): Put => ({
  type: "put",
  value,
  bound: false,
  call,
  return: Infinity,
  ...options,
});

const read = ([call, end]: readonly [number, number], saw: Saw): Read => ({
  type: "read",
  call,
  return: end,
  ...saw,
});

const found = (time: readonly [number, number], value: string) =>
  read(time, { present: true, value });
const nothing = (time: readonly [number, number]) => read(time, { present: false });
const token = (time: readonly [number, number], value: number) =>
  read(time, { present: true, token: value });

const good: Record<string, RegisterOperation[]> = {
  "nothing, then the value, for ever": [
    nothing([1, 2]),
    put("a", [3, 4]),
    found([5, 6], "a"),
    found([7, 8], "a"),
  ],
  "a second put returns the first value": [
    put("a", [1, 2]),
    put("b", [3, 4], { result: { value: "a" } }),
    found([5, 6], "a"),
  ],
  "two concurrent puts, the later one wins": [
    put("a", [1, 4], { result: { value: "b" } }),
    put("b", [2, 3]),
    found([5, 6], "b"),
  ],
  "a bound value goes, and another comes": [
    bound("a", [1, 2]),
    found([3, 4], "a"),
    nothing([5, 6]),
    put("b", [7, 8]),
    found([9, 10], "b"),
  ],
  "a bound value is replaced at once": [
    bound("a", [1, 2]),
    put("b", [3, 4]),
    found([5, 6], "b"),
  ],
  "a bound value goes during a read": [
    bound("a", [1, 2]),
    found([3, 10], "a"),
    nothing([4, 9]),
  ],
  "an unknown put that never happened": [unknown("a", 1), nothing([2, 3]), put("b", [4, 5])],
  "an unknown put that takes effect later": [
    unknown("a", 1),
    nothing([2, 3]),
    found([4, 5], "a"),
    put("b", [6, 7], { result: { value: "a" } }),
  ],
  "an unknown put that takes effect after another value went": [
    unknown("a", 1),
    bound("b", [2, 3]),
    nothing([4, 5]),
    found([6, 7], "a"),
  ],
  "an unknown bound put that came and went": [
    unknown("a", 1, { bound: true }),
    found([2, 3], "a"),
    nothing([4, 5]),
    put("b", [6, 7]),
  ],
  "increasing tokens": [
    bound("a", [1, 2], { result: { value: "a", token: 5 } }),
    token([3, 4], 5),
    bound("b", [5, 6], { result: { value: "b", token: 8 } }),
    put("c", [7, 8], { result: { value: "b", token: 8 } }),
    bound("d", [9, 10]),
    token([11, 12], 9),
    read([13, 14], { present: true, value: "d", token: 9 }),
  ],
  "a token that tells of an unknown put": [unknown("a", 1), token([2, 3], 7), found([4, 5], "a")],
  "bindings as put": [
    bound("a", [1, 2], { node: "w1" }),
    read([3, 4], { node: "w1" }),
    read([5, 6], { pid: null }),
    bound("b", [7, 8], { pid: "w2/1" }),
    read([9, 10], { node: null }),
    read([11, 12], { pid: "w2/1" }),
    read([13, 14], { pid: null }),
  ],
};

const bad: Record<string, RegisterOperation[]> = {
  "a value that no operation put": [found([1, 2], "a")],
  "a stale read": [put("a", [1, 2]), nothing([3, 4])],
  "a stale read of a released value": [
    bound("a", [1, 2]),
    put("b", [3, 4]),
    found([5, 6], "a"),
  ],
  "a lost update": [put("a", [1, 2]), put("b", [3, 4]), found([5, 6], "b")],
  "two winners at once": [put("a", [1, 4]), put("b", [2, 3])],
  "two winners, both bound, one still seen after the other": [
    bound("a", [1, 10]),
    bound("b", [2, 9]),
    found([11, 12], "a"),
    found([13, 14], "b"),
    found([15, 16], "a"),
  ],
  "an unbound value that goes": [put("a", [1, 2]), found([3, 4], "a"), nothing([5, 6])],
  "an unbound unknown put that is seen and goes": [
    unknown("a", 1),
    found([2, 3], "a"),
    nothing([4, 5]),
  ],
  "a resurrected value": [
    bound("a", [1, 2]),
    found([3, 4], "a"),
    nothing([5, 6]),
    found([7, 8], "a"),
  ],
  "a resurrected unknown put": [
    unknown("a", 1, { bound: true }),
    found([2, 3], "a"),
    bound("b", [4, 5]),
    found([6, 7], "a"),
  ],
  "an unknown put that is seen before it was called": [found([1, 2], "a"), unknown("a", 3)],
  "a put that returns a value released long ago": [
    bound("a", [1, 2]),
    nothing([3, 4]),
    put("b", [5, 6], { result: { value: "a" } }),
  ],
  "a put that returns a value before it is put": [
    put("a", [1, 2], { result: { value: "b" } }),
    put("b", [3, 4]),
  ],
  "a token that decreases": [
    bound("a", [1, 2], { result: { value: "a", token: 8 } }),
    bound("b", [3, 4], { result: { value: "b", token: 5 } }),
  ],
  "a token that is used twice": [
    bound("a", [1, 2], { result: { value: "a", token: 8 } }),
    nothing([3, 4]),
    put("b", [5, 6], { result: { value: "b", token: 8 } }),
  ],
  "a token that decreases, past a value with an unobserved token": [
    bound("a", [1, 2]),
    token([3, 4], 8),
    bound("b", [5, 6]),
    bound("c", [7, 8]),
    token([9, 10], 7),
  ],
  "a token that changes while the value stays": [
    put("a", [1, 2]),
    token([3, 4], 5),
    token([5, 6], 6),
  ],
  "a token without a value": [token([1, 2], 3)],
  "a node other than that of the binding": [
    bound("a", [1, 2], { node: "w1" }),
    read([3, 4], { node: "w2" }),
  ],
  "no node, while it is bound to one and nothing ends it before the next read": [
    bound("a", [1, 2], { node: "w1" }),
    read([3, 4], { node: null }),
    found([5, 6], "a"),
  ],
  "a pid other than that of the binding": [
    bound("a", [1, 2], { pid: "w1/1" }),
    read([3, 4], { pid: "w1/2" }),
  ],
};

/** A repeatable sequence of integers below `bound`. */
function draws(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

/** The history of a correct register: each operation takes effect at one instant of its run. */
function atomicHistory(
  seed: number,
  length: number,
  clients: number,
  lostOneIn = 8,
): RegisterOperation[] {
  const draw = draws(seed);
  const history: RegisterOperation[] = [];
  const free = Array.from({ length: clients }, () => 0);
  let present: Put | null = null;
  let nextToken = 1;
  let heldToken = 0;
  for (let i = 0; i < length; i++) {
    const at = (i + 1) * 100;
    if (present?.bound && draw(3) === 0) present = null; // its binding has ended
    const client = draw(clients);
    const call = Math.min(at, Math.max(free[client] + 1, at - draw(100 * clients)));
    const end = at + 1 + draw(100 * clients);
    free[client] = end;
    if (draw(2) === 0) {
      const lost = draw(lostOneIn) === 0;
      const mine = { ...put(`v${i}`, [call, end]), bound: draw(3) > 0, node: `n${draw(3)}` };
      if (present === null && !(lost && draw(2) === 0)) {
        present = mine;
        heldToken = nextToken += 1 + draw(3);
      }
      const result = present === null
        ? undefined
        : draw(2) === 0
        ? { value: present.value }
        : { value: present.value, token: heldToken };
      const known = !lost && result !== undefined;
      history.push(known ? { ...mine, result } : { ...mine, result: undefined, return: Infinity });
      continue;
    }
    const kind = draw(4);
    if (present === null) {
      history.push(read([call, end], kind < 3 ? { present: false } : { node: null }));
    } else if (kind === 0) history.push(token([call, end], heldToken));
    else if (kind === 1) history.push(read([call, end], { node: present.node }));
    else history.push(found([call, end], present.value));
  }
  return history;
}

describe("putOnceRegister", () => {
  for (const [name, history] of Object.entries(good)) {
    it(`accepts ${name}`, () => {
      assert(linearize(history).ok);
      assert(linearizeByForce(history));
    });
  }

  for (const [name, history] of Object.entries(bad)) {
    it(`rejects ${name}`, () => {
      assertEquals(linearize(history).ok, false);
      assertEquals(linearizeByForce(history), false);
    });
  }

  it("accepts 1,000 histories of a correct register, with ten concurrent clients", () => {
    for (let seed = 1; seed <= 1_000; seed++) {
      const history = atomicHistory(seed, 40, 10);
      assert(linearize(history).ok, `seed ${seed}`);
    }
  });

  it("agrees with brute force on 10,000 small histories, some of them corrupted", () => {
    const outcomes = { true: 0, false: 0 };
    for (let seed = 1; seed <= 10_000; seed++) {
      const history = atomicHistory(seed, 3 + seed % 4, 3, 3);
      const draw = draws(seed + 77);
      // Swaps the times or the results of two operations: some of these histories are still linearizable.
      const [i, j] = [draw(history.length), draw(history.length)];
      const [a, b] = [history[i], history[j]];
      if (draw(4) > 0 && a.return !== Infinity && b.return !== Infinity) {
        history[i] = { ...a, call: b.call, return: b.return };
        history[j] = { ...b, call: a.call, return: a.return };
      }
      const { ok } = linearize(history);
      assertEquals(ok, linearizeByForce(history), `seed ${seed}`);
      outcomes[`${ok}`]++;
    }
    // If nearly all histories were linearizable, or nearly none, the comparison would prove little.
    assertGreater(outcomes.true, 500);
    assertGreater(outcomes.false, 500);
  });

  it("stays far from its limit for 400 operations, half of the puts unknown", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const history = atomicHistory(seed, 400, 10, 2);
      const { ok, configurations } = linearize(history);
      assert(ok);
      assertLess(configurations, 5_000);
    }
  });

  it("stays far from its limit for 400 operations on one key, with ten concurrent clients", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const history = atomicHistory(seed, 400, 10);
      const { ok, configurations } = linearize(history);
      assert(ok);
      assertLess(configurations, 1_000);
      const last = Math.max(...history.map((o) => o.return === Infinity ? 0 : o.return));
      const spoilt = [...history, found([last + 1, last + 2], "never")];
      const search = linearize(spoilt);
      assertEquals(search.ok, false);
      assertLess(search.configurations, 100_000);
    }
  });
});
