// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import {
  blob,
  choice,
  FieldReader,
  fields,
  flag,
  integer,
  milliseconds,
  node,
  owner,
  register,
  registerOrNone,
} from "../../lib/codec/field_reader.ts";
import { MAX_COUNTER, NO_BALLOT } from "../../lib/paxos/ballot.ts";
import { CLOCK, EMPTY, LIFE, OTHER, REGISTER } from "./support/frames.ts";
import { fieldsOf, isMalformed, raw, refuses } from "./support/spoil.ts";

const reader = (clock = CLOCK) => new FieldReader(clock);

/** Fails unless `read` returns each of the values `right`, and refuses each of the values `wrong`. */
function takes<T>(
  read: (field: unknown) => T,
  right: readonly T[],
  wrong: readonly unknown[],
): void {
  for (const value of right) assertStrictEquals(read(value), value);
  for (const value of wrong) refuses(() => read(value));
}

describe("FieldReader", () => {
  it("reads counters as distances from the clock, and null as 0", () => {
    assertEquals([null, 0, 1, -1, CLOCK - 1].map((one) => reader().counter(one)), [
      ...[0, CLOCK, CLOCK - 1, CLOCK + 1],
      1,
    ]);
    assertEquals(reader(5).counter(5 - (MAX_COUNTER - 1)), MAX_COUNTER - 1);
    for (const wrong of [CLOCK, CLOCK + 1, CLOCK - MAX_COUNTER, 0.5, "0", undefined, NaN, []]) {
      refuses(() => reader().counter(wrong));
    }
  });

  it("knows the highest counter of the frame, its clock included (section 2)", () => {
    const from = reader();
    assertEquals(from.highest, CLOCK);
    from.counter(3);
    from.counter(null);
    assertEquals(from.highest, CLOCK);
    from.counter(-7);
    from.counter(-2);
    assertEquals(from.highest, CLOCK + 7);
  });

  it("numbers lives from 2 on in the order in which they occur", () => {
    const from = reader();
    assertEquals([0, 1, LIFE, OTHER, 2, 3, 2].map((one) => from.anyLife(one)), [
      ...["", "~", LIFE, OTHER],
      ...[LIFE, OTHER, LIFE],
    ]);
    for (const wrong of [4, -1, 0.5, LIFE + "x", LIFE.slice(1), "", "~", null]) {
      refuses(() => from.anyLife(wrong));
    }
  });

  it("reads the life of a node, of none, or null, each where it may be", () => {
    const from = reader();
    assertEquals([from.life(LIFE), from.lifeOrNone(2), from.lifeOrNone(0)], [LIFE, LIFE, ""]);
    assertEquals([from.lifeOrNull(null), from.lifeOrNull(2)], [null, LIFE]);
    for (const wrong of [0, 1, null]) refuses(() => from.life(wrong));
    for (const wrong of [1, null]) refuses(() => from.lifeOrNone(wrong));
    for (const wrong of [0, 1]) refuses(() => from.lifeOrNull(wrong));
  });

  it("numbers sessions in the order in which they occur, and their lives with the others", () => {
    const from = reader();
    const [first, second] = [`w1/${LIFE}/0`, `~x/${LIFE}/999999999999999`];
    assertEquals(from.session(["w1", LIFE, 0]), first);
    assertEquals(from.session(["~x", 2, 999_999_999_999_999]), second);
    assertEquals([0, 1].map((one) => from.session(one)), [first, second]);
    for (const wrong of [2, -1, ["w1", 3, 0], ["w1", LIFE], ["~", 2, 1], null]) {
      refuses(() => from.session(wrong));
    }
  });

  it("reads operations of nodes and of guests", () => {
    const from = reader();
    assertEquals(from.operation(LIFE, 7), `${LIFE}/7`);
    assertEquals(from.operation(2, 8), `${LIFE}/8`);
    assertEquals(from.operation(`~x/${OTHER}`, 9), `~x/${OTHER}/9`);
    for (const wrong of [`x/${OTHER}`, "~x", 0, 1, null]) refuses(() => from.operation(wrong, 1));
    for (const wrong of [-1, 0.5, 10 ** 15, "1"]) refuses(() => from.operation(LIFE, wrong));
  });

  it("reads ballots of nodes, and of none or of a floor where they may be", () => {
    const from = reader();
    const ballot = { counter: CLOCK - 2, life: LIFE };
    assertEquals(from.ballot(2, LIFE), ballot);
    assertEquals(from.anyBallot(2, 2), ballot);
    assertStrictEquals(from.anyBallot(null, 0), NO_BALLOT);
    assertEquals(from.anyBallot(null, 1), { counter: 0, life: "~" });
    assertEquals(from.anyBallot(2, 1), { counter: CLOCK - 2, life: "~" });
    for (const [counter, life] of [[null, LIFE], [2, 0], [2, 1]]) {
      refuses(() => from.ballot(counter, life));
    }
    for (const [counter, life] of [[null, LIFE], [2, 0]]) {
      refuses(() => from.anyBallot(counter, life));
    }
  });

  it("reads lists up to their bound, and shares one empty list", () => {
    const from = reader();
    assertEquals(from.list([1, 2], 2, integer), [1, 2]);
    assertStrictEquals<unknown>(from.list([], 2, integer), from.list([], 5, flag));
    refuses(() => from.list([1, 2, 3], 2, integer), "more than 2");
    refuses(() => from.list([1, null], 2, integer));
    for (const wrong of [null, {}, "ab", Uint8Array.of(1)]) {
      refuses(() => from.list(wrong, 2, integer));
    }
  });

  it("accepts lives and sessions by number only after they occurred", () => {
    const fields = fieldsOf(EMPTY);
    fields[6] = [[8, 1, ["w1", 2, 1]], [8, 2, 0]];
    const decoded = decodeFrame(raw(fields));
    assert(decoded.ok);
    const session = `w1/${LIFE}/1`;
    assertEquals(decoded.frame.requests, [
      { id: 1, type: "fence", session },
      { id: 2, type: "fence", session },
    ]);
    for (const session of [1, ["w1", 4, 1]]) {
      fields[6] = [[8, 1, session], [8, 2, ["w1", OTHER, 1]]];
      isMalformed(raw(fields), "did not occur yet");
    }
  });
});

describe("the fields without compression", () => {
  it("are lists of a fixed length", () => {
    const list = [1, 2];
    assertStrictEquals(fields(list, 2), list);
    for (const wrong of [[1], [1, 2, 3], null, "ab", { length: 2 }, new Uint8Array(2)]) {
      refuses(() => fields(wrong, 2), "not 2 fields");
    }
  });

  it("are integers, choices, times and flags", () => {
    takes(integer, [0, 1, 2 ** 53 - 1], [-1, 0.5, 2 ** 53, NaN, "1", null, 1n]);
    takes((field) => choice(field, 3), [0, 1, 2], [3, -1, 0.5, "1", null]);
    takes((field) => milliseconds(field, 9), [0, 0.25, 9], [9.1, -0.1, NaN, Infinity, "1", null]);
    takes(flag, [true, false], [0, 1, "true", null]);
  });

  it("never are -0", () => {
    assertStrictEquals(integer(-0), 0);
    assertStrictEquals(milliseconds(-0, 9), 0);
  });

  it("are names, bytes and registers", () => {
    const names = ["w1", "A.b_c-9", "n".repeat(64)];
    takes(node, names, ["", "n".repeat(65), "a b", "a/b", "é", "w1\n", "~w1", 1, null]);
    takes(owner, [...names, "~x"], ["", "~", "~~x", "x~", "~" + "n".repeat(65), 1, null]);
    takes(blob, [new Uint8Array(0)], [null, "", [1], new ArrayBuffer(1), new Uint16Array(1)]);
    takes(register, [REGISTER], ["", "k", "x\xf6\0", "k\xf6\u0100", 1, null]);
    takes(registerOrNone, ["", REGISTER], ["k", "x\xf6\0", 0, null]);
  });
});
