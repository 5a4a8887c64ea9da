import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Frame } from "../../lib/paxos/messages.ts";
import {
  decodeFrame,
  encodeFrame,
  FORMAT_VERSION,
  MAX_FRAME_BYTES,
  MAX_MEMBERS,
  MAX_MESSAGES,
} from "../../lib/codec.ts";
import { concat, hex } from "./support/bytes.ts";
import { comesBack, EMPTY, LIFE, REGISTER } from "./support/frames.ts";
import { fieldsOf, isMalformed, raw } from "./support/spoil.ts";

describe("decodeFrame()", () => {
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
      [5, [null, "x", [null], [1], ["short"], [9], new Array(MAX_MEMBERS + 2).fill(0)]], // the vector
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

  it(`refuses more than ${MAX_MESSAGES} messages of a kind`, () => {
    const fields = fieldsOf(EMPTY);
    for (const [place, message] of [[6, [2, 1, REGISTER]], [8, [6, 1]]] as const) {
      const spoiled = fields.with(place, new Array(MAX_MESSAGES + 1).fill(message));
      assert(decodeFrame(raw(fields.with(place, new Array(MAX_MESSAGES).fill(message)))).ok);
      isMalformed(raw(spoiled), "a list of more than");
    }
  });
});
