// Runs in Deno alone: pure.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeValue, MalformedError } from "../../lib/codec.ts";
import { encodeLock, heirOf, lockOf, sessionsOf, sketchLock } from "../../lib/locks/lock_value.ts";
import { FREE, type LockEntry, type LockValue } from "../../lib/paxos/lock_register.ts";
import type { State } from "../../lib/paxos/register.ts";

const LIFE = "0ABCDEFGHIJKLMNOPQRS";

const entry = (node: string, request: number, token = 0): LockEntry => ({
  pid: { node, session: `${node}/${LIFE}/1`, seq: request + 10 },
  request,
  mode: request % 2 === 0 ? "shared" : "exclusive",
  token,
});

const VALUE: LockValue = {
  holders: [entry("c", 2, 9), entry("a", 4, 9)],
  queue: [entry("b", 1), entry("c", 3), entry("a", 6)],
  term: 7,
  left: [{ session: `d/${LIFE}/1`, request: 5 }, { session: `a/${LIFE}/1`, request: 300 }],
};

/** A state with these bytes, as they arrive from the network: nothing is known about them. */
const stateOf = (value: Uint8Array): State => ({
  ...{ present: true, token: 9, over: 0, op: `${LIFE}/1`, bindings: [], owners: [] },
  value: value.slice(),
});

describe("encodeLock() and lockOf() (section 9)", () => {
  it("keep holders and queue, the term and the requests that have left", () => {
    const others = [{ ...VALUE, holders: [] }, { ...VALUE, queue: [] }, { ...VALUE, left: [] }];
    for (const value of [FREE, VALUE, ...others]) {
      assertEquals(lockOf(stateOf(encodeLock(value))), value);
    }
  });

  it("take a register that was never written, or is released, as free", () => {
    assertStrictEquals(lockOf(null), FREE);
    assertStrictEquals(lockOf({ present: false, token: 5 }), FREE);
  });

  it("keep a queue of 4,096 requests, and its entries from one change to the next", () => {
    const queue = Array.from({ length: 4_096 }, (_, i) => entry(`n${i % 100}`, i));
    const long = { holders: [entry("n5", 9_999, 1)], queue, term: 1, left: [] };
    const first = lockOf(stateOf(encodeLock(long)));
    const next = { ...long, holders: [{ ...queue[0], token: 2 }], queue: queue.slice(1) };
    const bytes = encodeLock(next);
    const again = lockOf(stateOf(bytes), first);
    assertEquals(again, next);
    assertEquals(again, lockOf(stateOf(bytes)));
    assertStrictEquals(again.queue[4_000], first.queue[4_001]);
  });

  it("know the value of bytes that they have written or read", () => {
    const bytes = encodeLock(VALUE);
    const state = { ...stateOf(bytes), value: bytes } as State;
    assertStrictEquals(lockOf(state), VALUE);
    const received = stateOf(bytes);
    assertStrictEquals(lockOf(received), lockOf(received));
  });

  it("refuse bytes that no node wrote", () => {
    const [sessions, rows] = [["a/" + LIFE + "/1"], new Uint8Array(0)];
    const many = Array.from({ length: 65 }, (_, number) => `a/${LIFE}/${number}`);
    const wrong: unknown[] = [
      null,
      "lock",
      {},
      [],
      [sessions, rows, rows],
      [sessions, rows, rows, 0],
      [sessions, rows, rows, 0, [], []],
      [["a"], rows, rows, 0, []],
      ["a", rows, rows, 0, []],
      [[1], rows, rows, 0, []],
      [sessions, "", rows, 0, []],
      [sessions, rows, null, 0, []],
      [sessions, Uint8Array.of(0), rows, 0, []],
      [sessions, rows, Uint8Array.of(2, 1, 1), 0, []],
      [sessions, rows, rows, -1, []],
      [sessions, rows, rows, 0.5, []],
      [sessions, rows, rows, 0, null],
      [sessions, rows, rows, 0, [0]],
      [sessions, rows, rows, 0, [1, 1]],
      [sessions, rows, rows, 0, [0, -1]],
      [sessions, rows, rows, 0, [0, 1, 0, 2]],
      [many, rows, rows, 0, many.flatMap((_, place) => [place, 1])],
    ];
    lockOf(stateOf(encodeValue([sessions, rows, rows, 0, [0, 1]], 1e6)));
    for (const value of wrong) {
      assertThrows(() => lockOf(stateOf(encodeValue(value, 1e6))), MalformedError);
    }
    assertThrows(() => lockOf(stateOf(Uint8Array.of(0xff))), MalformedError);
  });

  it("refuse each changed byte, or read a value with another encoding", () => {
    const bytes = encodeLock(VALUE);
    const known = JSON.stringify(VALUE);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
        const changed = bytes.slice();
        changed[at] ^= bit;
        try {
          assert(JSON.stringify(lockOf(stateOf(changed))) !== known, `byte ${at}`);
        } catch (error) {
          assert(error instanceof MalformedError, String(error));
        }
      }
    }
  });
});

describe("sketchLock()", () => {
  it("stands for a value within a round", () => {
    const sketch = sketchLock(VALUE);
    assertEquals(sketch.length, 0);
    assertStrictEquals(lockOf({ ...stateOf(sketch), value: sketch } as State), VALUE);
  });

  it("stands for its value until that is written, also if another value is written again", () => {
    const [second, third] = [{ ...VALUE, term: 8 }, { ...VALUE, term: 9 }];
    const used = sketchLock(VALUE);
    encodeLock(VALUE, used);
    const sketch = sketchLock(second);
    assertStrictEquals(sketch, used);
    encodeLock(VALUE, used);
    sketchLock(third);
    assertStrictEquals(lockOf({ ...stateOf(sketch), value: sketch } as State), second);
  });
});

describe("sessionsOf()", () => {
  it("has each session of holders and queue once", () => {
    const names = sessionsOf(VALUE).map((session) => session[0]);
    assertEquals(names.toSorted(), ["a", "b", "c"]);
    assertEquals(sessionsOf(FREE), []);
  });
});

describe("heirOf() (section 3)", () => {
  const [OWN, OTHER] = [LIFE, "0123456789ABCDEFGHIJ"];
  const by = (life: string, request: number): LockEntry => {
    const one = entry("b", request);
    return { ...one, pid: { ...one.pid, session: `b/${life}/1` } };
  };
  const lock = (holder: LockEntry, ...queue: LockEntry[]): LockValue => ({
    ...FREE,
    holders: [holder],
    queue,
  });
  /** How many round trips pass from one holder to the next. */
  const [QUICK, SLOW] = [() => 2, () => 20];

  it("is the own life if that holds the lock first", () => {
    assertEquals(heirOf(lock(by(OWN, 1)), FREE, OWN, QUICK), OWN);
    assertEquals(heirOf(FREE, lock(by(OWN, 1)), OWN, QUICK), undefined);
  });

  it("is another life that holds the lock since before, unless it is passed on quickly", () => {
    const before = lock(by(OTHER, 1));
    const after = lock(by(OTHER, 1), by(OWN, 2));
    assertEquals(heirOf(after, before, OWN, SLOW), OTHER);
    assertEquals(heirOf(after, before, OWN, QUICK), undefined);
  });

  it("is no other life where the own one shares the lock", () => {
    const shared = { ...FREE, holders: [by(OTHER, 2), by(OWN, 4)] };
    assertEquals(heirOf(shared, lock(by(OTHER, 2)), OWN, SLOW), undefined);
  });

  it("is another life that gets the lock only if the lock is crowded", () => {
    const before = lock(by(OWN, 1), by(OTHER, 2), by(OWN, 3), by(OWN, 4));
    assertEquals(heirOf(lock(by(OTHER, 2), by(OWN, 3), by(OWN, 4)), before, OWN, QUICK), OTHER);
    assertEquals(heirOf(lock(by(OTHER, 2), by(OWN, 3)), before, OWN, SLOW), undefined);
    // Another request of the same node has not held it before.
    assertEquals(heirOf(lock(by(OTHER, 5)), lock(by(OTHER, 2)), OWN, SLOW), undefined);
  });

  it("is no guest, which proposes nothing itself", () => {
    const guest = { ...by(OTHER, 1), pid: { node: "~x", session: `~x/${OTHER}/1`, seq: 1 } };
    assertEquals(heirOf(lock(guest, by(OWN, 2), by(OWN, 3)), lock(guest), OWN, SLOW), undefined);
  });
});
