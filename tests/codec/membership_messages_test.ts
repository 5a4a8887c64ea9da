// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MAX_MEMBERS, MESSAGE_BYTES, replySize } from "../../lib/codec.ts";
import { MAX_VOICES } from "../../lib/codec/genesis.ts";
import { MAX_WALL_TIME } from "../../lib/codec/limits.ts";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import type { RegisterCopy, Reply, Request } from "../../lib/paxos/messages.ts";
import { BALLOT, CLOCK, LIFE, OTHER, REGISTER, SESSION } from "./support/frames.ts";
import { replyIs, requestIs, spoilsField } from "./support/spoil.ts";

const MEMBERS = ["a", "b"];

const RECORD = { id: "g", lives: [LIFE, OTHER], floor: 0, maxTtl: 9_000, clients: true };

const COPY: RegisterCopy = {
  register: REGISTER,
  promised: BALLOT,
  accepted: { ballot: BALLOT, state: { present: false, token: CLOCK } },
};

const PIECE: Reply = { id: 1, type: "piece", announcement: 1, registers: [], last: null };

/** Values that are no list of members. */
const NO_MEMBERS = [null, "w1", ["", "w1"], ["~w1"], [1], new Array(MAX_MEMBERS + 1).fill("w1")];

describe("MEMBERSHIP_REQUESTS (section 7)", () => {
  const enquire: Request = {
    id: 1,
    type: "enquire",
    members: MEMBERS,
    purpose: "record",
    round: 1,
  };
  const transfer: Request = {
    id: 1,
    type: "transfer",
    members: MEMBERS,
    announcement: 3,
    incarnation: LIFE,
    after: "",
  };
  const announce: Request = { id: 1, type: "announce", members: MEMBERS, incarnation: LIFE };

  it("have these fields", () => {
    requestIs(enquire, [11, 1, MEMBERS, 0, 1]);
    requestIs({ ...enquire, purpose: "genesis", round: 2 }, [11, 1, MEMBERS, 1, 2]);
    requestIs({ ...enquire, purpose: "givingUp" }, [11, 1, MEMBERS, 2, 1]);
    requestIs({ id: 2, type: "incarnation", members: MEMBERS }, [12, 2, MEMBERS]);
    requestIs(transfer, [13, 1, MEMBERS, 3, LIFE, ""]);
    requestIs({ ...transfer, after: REGISTER }, [13, 1, MEMBERS, 3, LIFE, REGISTER]);
    requestIs(announce, [40, 1, MEMBERS, LIFE]);
  });

  it("refuse lists of members, purposes, rounds and lives that are none", () => {
    spoilsField("requests", enquire, 2, ...NO_MEMBERS);
    spoilsField("requests", enquire, 3, -1, 3, 0.5, "record", null);
    spoilsField("requests", enquire, 4, 0, 3, 1.5, null);
    spoilsField("requests", { id: 2, type: "incarnation", members: MEMBERS }, 2, ...NO_MEMBERS);
    spoilsField("requests", transfer, 2, ...NO_MEMBERS);
    spoilsField("requests", transfer, 3, -1, 0.5, null);
    spoilsField("requests", transfer, 4, "", 0, 1, 9, null);
    spoilsField("requests", transfer, 5, "x", null, 0);
    spoilsField("requests", announce, 2, ...NO_MEMBERS);
    spoilsField("requests", announce, 3, "", 0, 1, 9, null);
  });
});

describe("MEMBERSHIP_REPLIES (section 7)", () => {
  const blank: Reply = { id: 1, type: "blank", members: ["w1"], wall: 1.7e12, recovering: true };
  const stored: Reply = {
    id: 2,
    type: "stored",
    members: MEMBERS,
    record: RECORD,
    incarnation: LIFE,
    vector: [LIFE, ""],
    epoch: 3,
  };
  const last = {
    fenced: [SESSION],
    ended: [],
    over: [],
    floor: CLOCK,
    vector: [LIFE, ""],
    wait: 1.5,
    former: [],
  };

  it("have these fields", () => {
    replyIs(blank, [13, 1, ["w1"], 1.7e12, true]);
    replyIs({ id: 2, type: "record", members: MEMBERS, record: RECORD }, [
      ...[14, 2, MEMBERS],
      ["g", [LIFE, OTHER], null, 9_000, true],
    ]);
    replyIs(stored, [
      ...[40, 2, MEMBERS, ["g", [LIFE, OTHER], null, 9_000, true], 2],
      ...[[2, 0], 3],
    ]);
    const configuration = firstConfiguration(MEMBERS, [LIFE, OTHER]);
    replyIs({ ...stored, configuration, incarnations: [["a", LIFE]] }, [
      ...[40, 2, MEMBERS, ["g", [LIFE, OTHER], null, 9_000, true], 2],
      ...[[2, 0], 3, [0, [["a", 2, 0], ["b", 3, 0]], null, null, true], [["a", 2]]],
    ]);
    replyIs({ id: 3, type: "replaced" }, [15, 3]);
    replyIs({ id: 4, type: "membersMismatch", members: MEMBERS }, [16, 4, MEMBERS]);
    replyIs({ id: 5, type: "notAMember" }, [17, 5]);
    replyIs({ id: 6, type: "known", incarnation: LIFE }, [18, 6, LIFE, false]);
    replyIs({ id: 6, type: "known", incarnation: "" }, [18, 6, 0, false]);
    replyIs({ id: 6, type: "known", incarnation: LIFE, settled: true }, [18, 6, LIFE, true]);
    replyIs(PIECE, [19, 1, 1, [], null]);
    replyIs({ ...PIECE, registers: [COPY], last }, [
      ...[19, 1, 1],
      [[REGISTER, 1, LIFE, [1, 2, [0]]]],
      [[["w1", 2, 3]], [], [], 0, [2, 0], 1.5, []],
    ]);
  });

  it("refuse times, flags and lives that are none", () => {
    spoilsField("replies", blank, 2, ...NO_MEMBERS);
    spoilsField("replies", blank, 3, -1, NaN, Infinity, MAX_WALL_TIME * 1.01, null);
    spoilsField("replies", blank, 4, 0, null);
    spoilsField("replies", { id: 1, type: "known", incarnation: "" }, 2, 1, 9, "x", null);
    spoilsField("replies", { id: 1, type: "known", incarnation: "" }, 3, 1, "x", null);
  });

  it("refuse records that lack a part, or have an invalid one", () => {
    const record: Reply = { id: 1, type: "record", members: MEMBERS, record: RECORD };
    const good: unknown[] = ["g", [], 0, 9_000, true];
    const wrong = ["a b", null, CLOCK + 1, 600_001, 1].map((value, at) => good.with(at, value));
    spoilsField("replies", record, 3, null, [], good.slice(1), [...good, 0], ...wrong);
    spoilsField("replies", stored, 3, null, [], good.slice(1), [...good, 0], ...wrong);
  });

  it("refuse members, incarnations, vectors and epochs that are none", () => {
    spoilsField("replies", stored, 2, ...NO_MEMBERS);
    spoilsField("replies", stored, 4, "", 0, 1, 9, null);
    spoilsField("replies", stored, 5, null, [1], ["x"], new Array(MAX_VOICES + 1).fill(0));
    spoilsField("replies", stored, 6, -1, 0.5, null);
  });

  it("refuse pieces of a copy that lack a part, or have an invalid one", () => {
    spoilsField("replies", PIECE, 4, [], [[], 0, []], [[], 0, [], -1], [[0], 0, [], 0], false);
    spoilsField("replies", PIECE, 4, [[], [], CLOCK + 1, [], 0], [[], [], 0, [1], 0]);
    spoilsField("replies", PIECE, 4, [[], [], 0, [], 601_001], [[], [], 0, [], 0, 0]);
    const incomplete = [REGISTER, 1, LIFE];
    const withoutLife = [REGISTER, 1, 0, null];
    spoilsField("replies", PIECE, 3, null, [null], [[]], [incomplete], [withoutLife]);
    // A state that was accepted above the promise.
    spoilsField("replies", PIECE, 3, [[REGISTER, 2, LIFE, [1, LIFE, [2]]]]);
    spoilsField("replies", PIECE, 2, -1, 0.5, null);
  });

  it("take the size of the names and values of a piece", () => {
    const state = {
      present: true,
      token: 1,
      over: 0,
      op: `${LIFE}/1`,
      value: new Uint8Array(30),
      bindings: [],
      owners: [],
    } as const;
    const entry = MESSAGE_BYTES + 2 * REGISTER.length;
    assertEquals(replySize(PIECE), 0);
    assertEquals(
      replySize({ ...PIECE, registers: [COPY, { ...COPY, accepted: null }] }),
      2 * entry,
    );
    assertEquals(
      replySize({ ...PIECE, registers: [{ ...COPY, accepted: { ballot: BALLOT, state } }] }),
      entry + 30,
    );
  });
});
