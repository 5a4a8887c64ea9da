// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  decodeFrame,
  encodeFrame,
  MESSAGE_BYTES,
  replySize,
  requestSize,
} from "../../lib/codec.ts";
import { MAX_COUNTER } from "../../lib/paxos/ballot.ts";
import type { ListedRegister, Reply, Request } from "../../lib/paxos/messages.ts";
import { CONFIGURATION, type Present } from "../../lib/paxos/register.ts";
import { BALLOT, CLOCK, EMPTY, LIFE, OTHER, REGISTER, SESSION } from "./support/frames.ts";
import { replyIs, requestIs, spoilsField } from "./support/spoil.ts";

const VALUE = Uint8Array.of(1, 2, 3);

const STATE: Present = {
  present: true,
  token: CLOCK - 2,
  over: 0,
  op: `${LIFE}/5`,
  value: VALUE,
  bindings: [],
  owners: [SESSION],
};

/** The fields of that state in a frame whose first life is that of `BALLOT`. */
const STATE_FIELDS = [2, null, 2, 5, VALUE, [], [["w1", 2, 3]]];

const PREPARE: Request = { id: 1, type: "prepare", register: REGISTER, ballot: BALLOT };

const ACCEPT: Request = {
  id: 1,
  type: "accept",
  register: REGISTER,
  ballot: BALLOT,
  state: STATE,
  next: true,
  fallback: CLOCK,
};

const LISTED: ListedRegister = {
  register: REGISTER,
  ballot: BALLOT,
  present: true,
  bound: true,
  copied: false,
  until: 7.5,
  owners: 1,
  stale: [SESSION],
  fast: true,
};

const FAST: Request = {
  id: 1,
  type: "fast",
  register: REGISTER,
  ballot: BALLOT,
  state: { ...STATE, token: BALLOT.counter },
};

/** The fields of its state. */
const FAST_FIELDS = STATE_FIELDS.with(0, CLOCK - BALLOT.counter);

describe("REGISTER_REQUESTS (section 3)", () => {
  it("have these fields", () => {
    requestIs(PREPARE, [0, 1, REGISTER, 1, LIFE, false]);
    requestIs({ ...PREPARE, reserve: true }, [0, 1, REGISTER, 1, LIFE, true]);
    requestIs({ ...PREPARE, sweep: true }, [0, 1, REGISTER, 1, LIFE, 2]);
    requestIs({ ...PREPARE, grows: 1 }, [0, 1, REGISTER, 1, LIFE, 3]);
    requestIs({ ...PREPARE, grows: 2 ** 24 }, [0, 1, REGISTER, 1, LIFE, 2 ** 24 + 2]);
    requestIs(ACCEPT, [1, 1, REGISTER, 1, LIFE, STATE_FIELDS, true, 0, false]);
    requestIs({ ...ACCEPT, heir: OTHER }, [
      ...[1, 1, REGISTER, 1, LIFE, STATE_FIELDS, OTHER, 0, false],
    ]);
    requestIs(
      {
        ...ACCEPT,
        state: { present: false, token: CLOCK - 1 },
        next: false,
        fallback: null,
        sweep: true,
      },
      [1, 1, REGISTER, 1, LIFE, [1], false, null, true],
    );
    requestIs(FAST, [30, 1, REGISTER, 1, LIFE, FAST_FIELDS]);
    requestIs({ id: 3, type: "chosen", register: REGISTER, ballot: BALLOT }, [
      ...[31, 3, REGISTER, 1],
      LIFE,
    ]);
    requestIs({ id: 2, type: "read", register: REGISTER }, [2, 2, REGISTER]);
    requestIs({ id: 3, type: "forget", register: REGISTER, ballot: BALLOT }, [
      ...[3, 3, REGISTER, 1],
      LIFE,
    ]);
    requestIs({ id: 4, type: "watch", register: REGISTER }, [4, 4, REGISTER]);
    requestIs({ id: 5, type: "unwatch", register: REGISTER }, [5, 5, REGISTER]);
    requestIs({ id: 6, type: "list", prefix: "k\xf6", after: "" }, [6, 6, "k\xf6", ""]);
    requestIs({ id: 6, type: "list", prefix: "k\xf6", after: REGISTER }, [6, 6, "k\xf6", REGISTER]);
  });

  it("refuse invalid registers, counters and ballots", () => {
    const registers = ["", "k", "x\xf6\0", "k\xf6\u0100", "k".repeat(6000), null, 5];
    spoilsField("requests", PREPARE, 2, ...registers);
    // Counters are distances from the clock; null is 0, which no ballot of a node has.
    const counters = [null, CLOCK, CLOCK + 1, CLOCK - 2 ** 52, 0.5, "1", 1e300, -1e300, NaN, []];
    spoilsField("requests", PREPARE, 3, ...counters);
    spoilsField("requests", PREPARE, 4, "", 0, 1, 99, -1, 0.5, "~", "short", null);
    spoilsField("requests", PREPARE, 5, null, 0, 1, "true", -1, 3.5, 2 ** 24 + 3, 2 ** 53, NaN);
  });

  it("refuse a fast round about the configuration, of a tombstone, with another token, at the last counter", () => {
    spoilsField("requests", FAST, 2, CONFIGURATION);
    spoilsField("requests", FAST, 5, [1], STATE_FIELDS, null);
    const last = { counter: MAX_COUNTER - 1, life: LIFE };
    const state = { ...STATE, token: last.counter };
    const frame = { ...EMPTY, requests: [{ ...FAST, ballot: last, state } as Request] };
    assertEquals(decodeFrame(encodeFrame(frame)).ok, false);
  });

  it("refuse an invalid prefix, and an invalid end of the last piece of a list", () => {
    const list: Request = { id: 1, type: "list", prefix: "k\xf6", after: "" };
    spoilsField("requests", list, 2, "", "k", "x\xf6", "k\xf6".repeat(600), null);
    spoilsField("requests", list, 3, "x", null, 0);
  });

  it("refuse a fallback that is no higher ballot, and flags that are none", () => {
    const atBallot = CLOCK - BALLOT.counter;
    const lower = [atBallot, atBallot + 1, CLOCK];
    spoilsField("requests", ACCEPT, 6, null, 0, 1, "true");
    spoilsField("requests", ACCEPT, 7, ...lower, CLOCK - 2 ** 52, 0.5, "1", true);
    spoilsField("requests", ACCEPT, 8, null, 0, 1, "true");
  });

  it("take the size of their values", () => {
    const name = 2 * REGISTER.length;
    assertEquals(requestSize(PREPARE), name);
    assertEquals(requestSize(ACCEPT), name + 3);
    assertEquals(requestSize(FAST), name + 3);
    assertEquals(requestSize({ ...ACCEPT, state: { present: false, token: 1 } }), name);
    assertEquals(requestSize({ id: 1, type: "list", prefix: "k\xf6", after: REGISTER }), 0);
  });
});

describe("REGISTER_REPLIES (section 3)", () => {
  const accepted = { ballot: BALLOT, state: STATE };
  const rest = { accepted: null, copied: true, floor: CLOCK, stale: [] };

  it("have these fields", () => {
    replyIs(
      { id: 1, type: "promise", ballot: BALLOT, accepted, copied: false, floor: 0, stale: [] },
      [0, 1, 1, LIFE, [1, 2, STATE_FIELDS], false, null, []],
    );
    replyIs({ id: 1, type: "promise", ballot: BALLOT, ...rest }, [
      0,
      1,
      1,
      LIFE,
      null,
      true,
      0,
      [],
    ]);
    const fast = {
      ballot: BALLOT,
      state: { ...STATE, token: BALLOT.counter },
      fast: true,
    } as const;
    replyIs(
      { id: 1, type: "promise", ballot: BALLOT, accepted: fast, copied: true, floor: 0, stale: [] },
      [0, 1, 1, LIFE, [1, 2, FAST_FIELDS, true], true, null, []],
    );
    replyIs({ id: 3, type: "took", ballot: BALLOT, over: CLOCK }, [31, 3, 1, LIFE, 0]);
    replyIs({ id: 2, type: "nack", promised: BALLOT }, [1, 2, 1, LIFE]);
    replyIs({ id: 2, type: "nack", promised: { counter: 0, life: "" } }, [1, 2, null, 0]);
    replyIs({ id: 2, type: "nack", promised: { counter: CLOCK, life: "~" } }, [1, 2, 0, 1]);
    replyIs({ id: 3, type: "accepted", ballot: BALLOT }, [2, 3, 1, LIFE]);
    replyIs(
      { id: 4, type: "current", promised: { counter: 0, life: "" }, ...rest, stale: [SESSION] },
      [3, 4, null, 0, null, true, 0, [["w1", LIFE, 3]]],
    );
    replyIs({ id: 5, type: "full", tidying: true, missing: ["b", "c"] }, [4, 5, true, ["b", "c"]]);
    replyIs({ id: 6, type: "listed", registers: [LISTED], more: true }, [
      ...[5, 6],
      [[REGISTER, 1, LIFE, true, true, false, 7.5, 1, [["w1", 2, 3]], true]],
      true,
    ]);
    replyIs({ id: 7, type: "watching" }, [6, 7]);
    replyIs(
      { id: 8, type: "learned", register: REGISTER, ballot: BALLOT, state: STATE, fast: true },
      [7, 8, REGISTER, 1, LIFE, STATE_FIELDS, true],
    );
    const handed = {
      id: 8,
      type: "learned",
      register: REGISTER,
      ballot: BALLOT,
      state: STATE,
    } as const;
    replyIs({ ...handed, fast: false, heir: OTHER }, [
      ...[7, 8, REGISTER, 1, LIFE, STATE_FIELDS, OTHER],
    ]);
  });

  it("refuse ballots without a proposer that are no floor", () => {
    const nack: Reply = { id: 1, type: "nack", promised: BALLOT };
    spoilsField("replies", nack, 3, "", 0, 99, "~", null); // no proposer, but a counter other than 0
    spoilsField("replies", nack, 2, null, CLOCK, CLOCK + 1, CLOCK - 2 ** 52);
    const done: Reply = { id: 1, type: "accepted", ballot: BALLOT };
    spoilsField("replies", done, 3, 0, 1, OTHER.slice(1));
  });

  it("refuse what a promise and a full acceptor cannot say", () => {
    const promise: Reply = { id: 1, type: "promise", ballot: BALLOT, ...rest };
    spoilsField("replies", promise, 4, [], [1, LIFE], [null, LIFE, [1]], 0, "x");
    // The mark of a fast round on a tombstone, on a state with another token, and one that is none.
    spoilsField("replies", promise, 4, [1, LIFE, [1], true], [1, LIFE, STATE_FIELDS, true]);
    spoilsField("replies", promise, 4, [1, LIFE, FAST_FIELDS, false]);
    spoilsField("replies", promise, 5, null, 0);
    spoilsField("replies", promise, 6, CLOCK + 1, "0");
    spoilsField("replies", promise, 7, null, [null], [[]]);
    const full: Reply = { id: 1, type: "full", tidying: false, missing: ["b"] };
    spoilsField("replies", full, 2, null, 0);
    spoilsField("replies", full, 3, null, "b", [""], [1], ["~b"], new Array(256).fill("b"));
  });

  it("refuse entries of lists that lack a field, or have an invalid one", () => {
    const listed: Reply = { id: 1, type: "listed", registers: [], more: false };
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, true, null, 0]], [null]);
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, 1, null, 0, [], false]]);
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, true, NaN, 0, [], false]]);
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, true, null, -1, [], false]]);
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, true, null, 0, [], 0]]);
    spoilsField("replies", listed, 3, null, 0);
  });

  it("take the size of their values, and of the names in a list", () => {
    const promise = { id: 1, type: "promise", ballot: BALLOT, ...rest } as const;
    assertEquals(replySize(promise), 0);
    assertEquals(replySize({ ...promise, accepted }), 3);
    assertEquals(
      replySize({
        ...{ id: 1, type: "learned", register: REGISTER, ballot: BALLOT, state: STATE },
        fast: false,
      }),
      2 * REGISTER.length + 3,
    );
    assertEquals(
      replySize({ id: 6, type: "listed", registers: [LISTED, LISTED], more: true }),
      2 * (MESSAGE_BYTES + 2 * REGISTER.length),
    );
  });
});
