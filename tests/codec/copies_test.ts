// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  decodeCopy,
  decodeLast,
  decodeListed,
  encodeCopy,
  encodeLast,
  encodeListed,
} from "../../lib/codec/copies.ts";
import { FieldReader } from "../../lib/codec/field_reader.ts";
import { FieldWriter } from "../../lib/codec/field_writer.ts";
import { MAX_REST } from "../../lib/codec/limits.ts";
import { floorBallot } from "../../lib/paxos/ballot.ts";
import type { ListedRegister } from "../../lib/paxos/messages.ts";
import { BALLOT, CLOCK, LIFE, OTHER, REGISTER, SESSION } from "./support/frames.ts";
import { refuses } from "./support/spoil.ts";

/** Fails unless `decode` refuses `good` without a field, with one more, and with each of the wrong ones. */
function isExact(
  decode: (field: unknown, from: FieldReader) => unknown,
  good: readonly unknown[],
  wrong: readonly (readonly unknown[])[],
): void {
  const refusesAll = (field: unknown) => {
    refuses(() => decode(structuredClone(field), new FieldReader(CLOCK)));
  };
  for (const field of [null, {}, "x", good.slice(1), good.slice(0, -1), [...good, 0]]) {
    refusesAll(field);
  }
  for (const [at, values] of wrong.entries()) {
    for (const value of values) refusesAll(good.with(at, value));
  }
}

describe("an entry of a list", () => {
  const listed: ListedRegister = {
    register: REGISTER,
    ballot: BALLOT,
    present: true,
    bound: false,
    copied: true,
    until: null,
    owners: 2,
    stale: [SESSION],
    fast: false,
  };
  const good = [REGISTER, 1, LIFE, true, false, true, null, 2, [["w1", LIFE, 3]], false];

  it("has these fields", () => {
    const fields = [REGISTER, 1, LIFE, true, false, true, null, 2, [["w1", 2, 3]], false];
    assertEquals(encodeListed(listed, new FieldWriter(CLOCK)), fields);
    assertEquals(decodeListed(fields, new FieldReader(CLOCK)), listed);
    for (const until of [0, 12.5, Infinity, -1]) {
      const timed = encodeListed({ ...listed, until }, new FieldWriter(CLOCK));
      assertEquals(timed[6], until);
      assertEquals(decodeListed(timed, new FieldReader(CLOCK)), { ...listed, until });
    }
  });

  it("may have the ballot of a floor", () => {
    const copied = { ...listed, ballot: floorBallot(CLOCK), stale: [] };
    const fields = encodeListed(copied, new FieldWriter(CLOCK));
    assertEquals(fields.slice(1, 3), [0, 1]);
    assertEquals(decodeListed(fields, new FieldReader(CLOCK)), copied);
  });

  it("is refused with any other field", () => {
    isExact(decodeListed, good, [
      ["", "k", null], // register
      [CLOCK, 0.5, "1"], // counter
      [0, "short", null], // life
      ...[[0, null], [1, "x"], [0, null]], // flags
      [NaN, "1", undefined], // until
      [-1, 0.5, null], // owners
      [null, [[]], ["x"]], // stale sessions
      [null, 0], // fast
    ]);
  });
});

describe("a register of a copy", () => {
  it("has these fields", () => {
    const copy = { register: REGISTER, promised: BALLOT, accepted: null };
    const fields = [REGISTER, 1, LIFE, null];
    assertEquals(encodeCopy(copy, new FieldWriter(CLOCK)), fields);
    assertEquals(decodeCopy(fields, new FieldReader(CLOCK)), copy);
    const accepted = { ballot: BALLOT, state: { present: false, token: 0 } } as const;
    const whole = encodeCopy({ ...copy, accepted }, new FieldWriter(CLOCK));
    assertEquals(whole, [REGISTER, 1, LIFE, [1, 2, [null]]]);
    assertEquals(decodeCopy(whole, new FieldReader(CLOCK)), { ...copy, accepted });
  });

  it("is refused with any other field", () => {
    isExact(decodeCopy, [REGISTER, 1, LIFE, null], [
      ["", null],
      [CLOCK, "1"],
      [0, 9, null],
      [[], [1, 2], [1, 2, []], [1, 0, [1]], 0],
    ]);
  });
});

describe("the end of a copy", () => {
  const last = {
    fenced: [SESSION],
    ended: [`w2/${OTHER}/1`],
    over: [OTHER],
    floor: CLOCK - 1,
    vector: [LIFE, "", OTHER],
    wait: MAX_REST,
    former: [["w9", LIFE]] as const,
  };

  it("has these fields", () => {
    const fields = [[["w1", LIFE, 3]], [["w2", OTHER, 1]], [3], 1, [2, 0, 3], MAX_REST, [[
      "w9",
      2,
    ]]];
    assertEquals(encodeLast(last, new FieldWriter(CLOCK)), fields);
    assertEquals(decodeLast(fields, new FieldReader(CLOCK)), last);
  });

  it("is refused with any other field", () => {
    isExact(decodeLast, [[], [], [], 0, [], 0, []], [
      ...[[null, [0]], [null, [[]]]], // sessions
      [null, [0], [9], ["short"]], // lives
      [CLOCK, "0"], // floor
      [null, [1], [9], new Array(256).fill(0)], // crash vector
      [-1, MAX_REST + 1, NaN, null], // wait
      [null, [1], [["w9"]], [["w 9", 2]], [["w9", 0]], [["w9", 9]]], // former nodes
    ]);
  });
});
