import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Encoder } from "cbor-x/index-no-eval";
import type { Frame, Reply, Request } from "../../lib/paxos/messages.ts";
import {
  decodeFrame,
  encodeFrame,
  FORMAT_VERSION,
  MAX_BINDINGS,
  MAX_FRAME_BYTES,
  MAX_MEMBERS,
  MAX_MESSAGES,
} from "../../lib/codec.ts";
import { concat, hex } from "./support/bytes.ts";
import {
  BALLOT,
  CLOCK,
  comesBack,
  EMPTY,
  LIFE,
  OTHER,
  REGISTER,
  SESSION,
} from "./support/frames.ts";
import { Random } from "./support/random.ts";
import { RandomFrames } from "./support/random_frames.ts";

const encoder = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });

/** The bytes of a frame with these fields, valid or invalid. */
function raw(fields: unknown): Uint8Array {
  return concat([FORMAT_VERSION], encoder.encode(fields));
}

/** The fields of a valid frame, of which a test invalidates one. */
function fieldsOf(frame: Frame): unknown[] {
  return encoder.decode(encodeFrame(frame).slice(1));
}

function isMalformed(bytes: Uint8Array, detail = ""): void {
  const decoded = decodeFrame(bytes);
  assert(!decoded.ok && decoded.reason === "malformed", `accepted: ${JSON.stringify(decoded)}`);
  assertStringIncludes(decoded.detail, detail);
  // A check reports it, not an unexpected exception.
  assert(!decoded.detail.startsWith("cannot be decoded"), decoded.detail);
}

/** Fails unless `change`, applied to the fields of one message, makes the whole frame malformed. */
function spoils(
  kind: "requests" | "replies",
  message: Request | Reply,
  change: (fields: unknown[]) => void,
): void {
  const good = { ...EMPTY, [kind]: [message, message] } as Frame;
  comesBack(good);
  const fields = fieldsOf(good);
  const messages = fields[kind === "requests" ? 6 : 8] as unknown[][];
  change(messages[0]);
  isMalformed(raw(fields));
}

function spoilsField(
  kind: "requests" | "replies",
  message: Request | Reply,
  at: number,
  ...wrong: unknown[]
): void {
  for (const value of wrong) spoils(kind, message, (fields) => fields[at] = value);
}

describe("decodeFrame()", () => {
  const prepare: Request = { id: 1, type: "prepare", register: REGISTER, ballot: BALLOT };

  it("distinguishes another version from a malformed frame", () => {
    const bytes = encodeFrame(EMPTY);
    for (const version of [0, FORMAT_VERSION - 1, FORMAT_VERSION + 1, 123, 255]) {
      bytes[0] = version;
      assertEquals(decodeFrame(bytes), { ok: false, reason: "version", version });
    }
    isMalformed(new Uint8Array(0), "empty");
    isMalformed(Uint8Array.of(FORMAT_VERSION), "too early");
  });

  it("refuses a frame that is too long before decoding it", () => {
    const bytes = new Uint8Array(MAX_FRAME_BYTES + 1);
    bytes[0] = FORMAT_VERSION;
    isMalformed(bytes, "longer than");
    const frame = (length: number): Frame => {
      const value = new Uint8Array(length);
      return { ...EMPTY, replies: [{ id: 1, type: "handed", outcome: "found", value, token: 1 }] };
    };
    const rest = encodeFrame(frame(2 ** 20)).length - 2 ** 20;
    comesBack(frame(MAX_FRAME_BYTES - rest));
    isMalformed(encodeFrame(frame(MAX_FRAME_BYTES - rest + 1)), "longer than");
  });

  it("refuses CBOR that the decoder could not handle or would misinterpret", () => {
    const hostile: [string, Uint8Array][] = [
      ["a record", hex("d9dfff 83 19e000 81 6161 01")],
      ["a Set", hex("d90102 81 01")],
      ["an Error", hex("d81b 82 6161 6162")],
      ["a cycle", hex("d81c 81 d81d 00")],
      ["bundled strings", hex("d9dff9 82 1a00000001 00 60 60")],
      ["packed values", hex("d833 84 80 80 80 00")],
      ["a Date", hex("c1 00")],
      ["a bignum", concat([0xc2, 0x5a, 0, 3, 13, 64], new Uint8Array(200_000).fill(255))],
      ["a bigint", hex("1b0000000000000001")],
      ["deep nesting", concat(new Uint8Array(100_000).fill(0x81), [0])],
      ["a map", hex("a1 69 5f5f70726f746f5f5f 01")],
      ["undefined", hex("f7")],
      ["a half", hex("f98000")],
      ["invalid UTF-8", hex("62 c328")],
      ["a lone surrogate", hex("63 eda080")],
      ["no length", hex("9f 01 ff")],
      ["a huge array", hex("9a ffffffff")],
    ];
    const good = encodeFrame(EMPTY);
    for (const [, item] of hostile) {
      isMalformed(concat([FORMAT_VERSION], item));
      // As the last field of a valid frame, whose empty list of replies is one byte.
      isMalformed(concat(good.slice(0, -1), item));
    }
    isMalformed(concat(good, [0]), "after the end");
    for (let length = 1; length < good.length; length++) isMalformed(good.slice(0, length));
  });

  it("refuses an invalid header", () => {
    const wrong: [number, unknown[]][] = [
      [0, [null, -1, 2 ** 52, 0.5, "1", NaN, Infinity]], // the clock
      [1, [null, "", 0, 1, 2, LIFE + "x", LIFE.slice(1), LIFE.slice(1) + "/", 0.5, true]], // the life
      [2, ["", "a b", "é", "x".repeat(65), 1, false]], // the genesis
      [3, [null, -1, 0.5, 2 ** 53, "0"]], // the epoch
      [4, ["", 0, 1, 9, "x", false]], // the incarnation
      [5, [null, "x", [null], [1], ["short"], [9], new Array(MAX_MEMBERS + 1).fill(0)]], // the vector
      [6, [null, {}, [null], ["x"], [[]], [[0]]]], // the requests
      [7, ["", 0, 1, 99, "x", 0.5]], // the addressee of the replies
      [8, [null, 0, [null], [0], [[]], [[4]]]], // the replies
    ];
    for (const [at, values] of wrong) {
      for (const value of values) {
        const fields = fieldsOf(EMPTY);
        fields[at] = value;
        isMalformed(raw(fields));
      }
    }
    const fields = fieldsOf(EMPTY);
    isMalformed(raw([...fields, 1]));
    isMalformed(raw(fields.slice(0, 8)));
    isMalformed(raw("text"));
    isMalformed(raw(null));
    assert(decodeFrame(raw(fields)).ok);
  });

  it("drops the whole frame for one invalid message", () => {
    const frames = new RandomFrames(new Random(13));
    for (let i = 0; i < 2; i++) {
      for (const type of Object.keys(frames.requests) as Request["type"][]) {
        const message = frames.request(type);
        spoils("requests", message, (fields) => fields.push(null));
        spoils("requests", message, (fields) => fields.pop());
        spoilsField("requests", message, 0, -1, 20, 99, 0.5, null, "0", true);
        spoilsField("requests", message, 1, -1, 0.5, 2 ** 53, null, "1");
      }
      for (const type of Object.keys(frames.replies) as Reply["type"][]) {
        const message = frames.reply(type);
        spoils("replies", message, (fields) => fields.push(null));
        spoils("replies", message, (fields) => fields.pop());
        spoilsField("replies", message, 0, -1, 24, 99, 0.5, null, "0", true);
        spoilsField("replies", message, 1, -1, 0.5, 2 ** 53, null, "1");
      }
    }
  });

  it("refuses invalid registers, counters and ballots", () => {
    const registers = ["", "k", "x\xf6\0", "k\xf6\u0100", "k".repeat(6000), null, 5];
    spoilsField("requests", prepare, 2, ...registers);
    // Counters are distances from the clock; null is 0, which no ballot of a node has.
    const counters = [null, CLOCK, CLOCK + 1, CLOCK - 2 ** 52, 0.5, "1", 1e300, -1e300, NaN, []];
    spoilsField("requests", prepare, 3, ...counters);
    spoilsField("requests", prepare, 4, "", 0, 1, 99, -1, 0.5, "~", "short", null);
    const nack: Reply = { id: 1, type: "nack", promised: BALLOT };
    spoilsField("replies", nack, 3, "", 0, 99, "~", null); // no proposer, but a counter other than 0
    spoilsField("replies", nack, 2, null, CLOCK, CLOCK + 1, CLOCK - 2 ** 52);
    const list: Request = { id: 1, type: "list", prefix: "k\xf6", after: "" };
    spoilsField("requests", list, 2, "", "k", "x\xf6", "k\xf6".repeat(600), null);
    spoilsField("requests", list, 3, "x", null, 0);
  });

  it("refuses invalid sessions, operations and names", () => {
    const fence: Request = { id: 1, type: "fence", session: SESSION };
    const sessions: unknown[] = [null, SESSION, 0, 9, -1, [], ["w1", LIFE], ["w1", LIFE, 1, 2]];
    sessions.push(["", LIFE, 1], ["a/b", LIFE, 1], ["n".repeat(65), LIFE, 1], ["w 1", LIFE, 1]);
    sessions.push(["w1", "", 1], ["w1", 0, 1], ["w1", 1, 1], ["w1", "short", 1], [1, LIFE, 1]);
    sessions.push(["w1", LIFE, -1], ["w1", LIFE, 0.5], ["w1", LIFE, 10 ** 15], ["w1", LIFE, "1"]);
    spoilsField("requests", fence, 2, ...sessions);
    const sessionOf: Request = { id: 1, type: "sessionOf", node: "w1" };
    spoilsField("requests", sessionOf, 2, "", "a/b", "é", "x".repeat(65), null, 1, "w1\n");
    const incarnation: Request = { id: 1, type: "incarnation", members: ["w1"] };
    const many = new Array(MAX_MEMBERS + 1).fill("w1");
    spoilsField("requests", incarnation, 2, null, "w1", ["", "w1"], [1], many);
  });

  it("refuses invalid states and bindings", () => {
    const state = {
      present: true as const,
      token: CLOCK,
      over: 0,
      op: `${LIFE}/1`,
      value: Uint8Array.of(1),
      bindings: [{ kind: "node" as const, session: SESSION }],
      owners: [SESSION],
    };
    const accept: Request = {
      id: 1,
      type: "accept",
      register: REGISTER,
      ballot: BALLOT,
      state,
      next: true,
      fallback: CLOCK,
    };
    const at = (place: number, ...wrong: unknown[]) => {
      for (const value of wrong) {
        spoils("requests", accept, (fields) => (fields[5] as unknown[])[place] = value);
      }
    };
    at(0, CLOCK + 1, CLOCK - 2 ** 52, 0.5, "1"); // token
    at(1, CLOCK + 1, CLOCK - 2 ** 52, 0.5, "1"); // over
    at(2, "", 0, 1, "short", null, 99); // life of the operation
    at(3, -1, 0.5, 10 ** 15, "1", null); // its number
    at(4, null, "text", [1], 5); // value
    const binding = [1, 0];
    at(5, null, {}, [null], [[]], [[4, 0]], [[1]], [[1, 9]], [[0, 0]], [[0, 0, -1]], [[3, null]]);
    at(5, [[3, "1"]], [[3, 1, 2]], [[2, "x", 1]], [[2, REGISTER]], [[2, REGISTER, CLOCK + 1]]);
    at(5, [[3, NaN]], new Array(MAX_BINDINGS + 1).fill(binding));
    at(6, null, "x", [null], ["x"], [9]); // owners
    for (const wrong of [null, [], [1, 2], [0.5], [CLOCK + 1], "x"]) {
      spoilsField("requests", accept, 5, wrong);
    }
    spoilsField("requests", accept, 6, null, 0, 1, "true");
    const atBallot = CLOCK - BALLOT.counter;
    spoilsField(
      "requests",
      accept,
      7,
      atBallot,
      atBallot + 1,
      CLOCK,
      CLOCK - 2 ** 52,
      0.5,
      "1",
      true,
    );
  });

  it("refuses times, choices and lists out of range", () => {
    const times = [-1, 601_000.5, 1e9, NaN, Infinity, "1", null];
    const parts = { session: SESSION, ttl: 5000, renewal: 1, wall: 1.7e12, hosts: ["counter"] };
    const renew: Request = { id: 1, type: "renew", ...parts };
    spoilsField("requests", renew, 3, ...times);
    spoilsField("requests", renew, 4, -1, 0.5, null, "1");
    spoilsField("requests", renew, 5, -1, NaN, Infinity, 1e16, null);
    const alive: Reply = { id: 1, type: "alive", session: SESSION, remaining: 12.5 };
    spoilsField("replies", alive, 3, ...times);
    const blank: Reply = { id: 1, type: "blank", members: ["w1"], wall: 1.7e12, recovering: true };
    spoilsField("replies", blank, 3, -1, NaN, Infinity, 1e16, null);
    spoilsField("replies", blank, 4, 0, null);
    const enquire: Request = {
      id: 1,
      type: "enquire",
      members: ["w1"],
      purpose: "record",
      round: 1,
    };
    spoilsField("requests", enquire, 3, -1, 3, 0.5, "record", null);
    spoilsField("requests", enquire, 4, 0, 3, 1.5, null);
    const handed: Reply = { id: 1, type: "handed", outcome: "full" };
    spoilsField("replies", handed, 2, 0, 1, 5, -1, null);
    const known: Reply = { id: 1, type: "known", incarnation: "" };
    spoilsField("replies", known, 2, 1, 9, "x", null);
    const piece: Reply = { id: 1, type: "piece", announcement: 1, registers: [], last: null };
    spoilsField("replies", piece, 4, [], [[], 0, []], [[], 0, [], -1], [[0], 0, [], 0], false);
    spoilsField("replies", piece, 3, null, [null], [[]], [[REGISTER, 1, LIFE]], [[
      REGISTER,
      1,
      0,
      null,
    ]]);
    const listed: Reply = { id: 1, type: "listed", registers: [], more: false };
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, true, null, 0]], [null]);
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, 1, null, 0, []]]);
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, true, NaN, 0, []]]);
    spoilsField("replies", listed, 2, [[REGISTER, 1, LIFE, true, true, true, null, -1, []]]);
    const watching = [6, 1];
    const fields = fieldsOf(EMPTY);
    fields[8] = new Array(MAX_MESSAGES).fill(watching);
    assert(decodeFrame(raw(fields)).ok);
    fields[8] = new Array(MAX_MESSAGES + 1).fill(watching);
    isMalformed(raw(fields), "a list of more than");
  });

  it("refuses to relay anything but questions and answers between two nodes", () => {
    const body = Uint8Array.of(1);
    const question: Request = {
      id: 1,
      type: "relay",
      to: "w2",
      payload: { repliesTo: null, message: { id: 2, type: "ask", body } },
    };
    const answer: Request = {
      id: 1,
      type: "relayed",
      from: "w2",
      life: LIFE,
      payload: { repliesTo: OTHER, message: { id: 2, type: "told", body } },
    };
    const [asked, told] = [[16, 2, body], [22, 2, body]];
    spoilsField("requests", question, 2, "", "a/b", null, 1);
    spoilsField("requests", question, 3, OTHER, 0, 1, 99, "short");
    spoilsField("requests", question, 4, null, [], asked.slice(0, 2), told);
    spoilsField("requests", answer, 2, "", "a/b", null, 1);
    spoilsField("requests", answer, 3, null, 0, 1, 99, "short");
    spoilsField("requests", answer, 4, null, 0, 1, 99, "short");
    spoilsField("requests", answer, 5, null, [], told.slice(0, 2), asked);
    const frames = new RandomFrames(new Random(14));
    for (const type of Object.keys(frames.requests) as Request["type"][]) {
      if (type === "ask" || type === "handover") continue;
      // Nor a message that was relayed already: a relay is one hop.
      const inner = (fieldsOf({ ...EMPTY, requests: [frames.request(type)] })[6] as unknown[])[0];
      spoilsField("requests", question, 4, inner);
    }
    for (const type of Object.keys(frames.replies) as Reply["type"][]) {
      if (type === "told" || type === "handed") continue;
      const inner = (fieldsOf({ ...EMPTY, replies: [frames.reply(type)] })[8] as unknown[])[0];
      spoilsField("requests", answer, 5, inner);
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
