// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FieldReader } from "../../lib/codec/field_reader.ts";
import { FieldWriter } from "../../lib/codec/field_writer.ts";
import {
  decodeMembers,
  decodeRecord,
  decodeVector,
  encodeRecord,
  genesis,
  MAX_VOICES,
} from "../../lib/codec/genesis.ts";
import { MAX_MEMBERS, MAX_TTL } from "../../lib/codec/limits.ts";
import { MAX_MEMBERS as MAX_CONFIGURED } from "../../lib/paxos/member_limits.ts";
import { CLOCK, LIFE, OTHER } from "./support/frames.ts";
import { refuses } from "./support/spoil.ts";

const reader = () => new FieldReader(CLOCK);

describe("genesis()", () => {
  it("is 1 to 64 printable characters without spaces", () => {
    for (const id of ["g", "!~", "x".repeat(64), `${LIFE}/7`]) assertEquals(genesis(id), id);
    for (const id of ["", "a b", "é", "x".repeat(65), "a\n", 1, null]) refuses(() => genesis(id));
  });
});

describe("decodeVector()", () => {
  it("has the life of each member and of a node that joins or leaves, or none", () => {
    assertEquals(decodeVector([LIFE, 0, 2, OTHER], reader()), [LIFE, "", LIFE, OTHER]);
    assertEquals(decodeVector(new Array(MAX_VOICES).fill(0), reader()).length, MAX_VOICES);
  });

  it("refuses lives that are not a member's, and too many", () => {
    const many = new Array(MAX_VOICES + 1).fill(0);
    for (const field of [null, "x", [null], [1], ["short"], [9], many]) {
      refuses(() => decodeVector(field, reader()));
    }
  });
});

describe("decodeMembers()", () => {
  it("has as many as a configuration may have", () => {
    assertEquals(MAX_MEMBERS, MAX_CONFIGURED);
    assertEquals(decodeMembers(new Array(MAX_MEMBERS).fill("w"), reader()).length, MAX_MEMBERS);
  });

  it("has the names of nodes, and of no guests", () => {
    assertEquals(decodeMembers(["w1", "w2"], reader()), ["w1", "w2"]);
    for (const field of [null, "w1", [""], ["~w1"], [1], new Array(MAX_MEMBERS + 1).fill("w")]) {
      refuses(() => decodeMembers(field, reader()));
    }
  });
});

describe("encodeRecord() and decodeRecord()", () => {
  const record = {
    id: "g",
    lives: [LIFE, OTHER],
    floor: CLOCK - 3,
    maxTtl: MAX_TTL,
    clients: false,
  };
  const fields = ["g", [LIFE, OTHER], 3, MAX_TTL, false];

  it("have these fields", () => {
    assertEquals(encodeRecord(record, new FieldWriter(CLOCK)), fields);
    assertEquals(decodeRecord(structuredClone(fields), reader()), record);
  });

  it("refuse a record with a field too many or too few, or an invalid one", () => {
    const refusesRecord = (field: unknown) => {
      refuses(() => decodeRecord(structuredClone(field), reader()));
    };
    for (const field of [null, {}, fields.slice(1), [...fields, 1]]) refusesRecord(field);
    const wrong = [
      ["", 1, null], // id
      [null, [0], [1], ["short"], new Array(MAX_MEMBERS + 1).fill(LIFE)], // lives
      [CLOCK, 0.5, "1"], // floor
      [-1, MAX_TTL + 1, NaN, null], // the longest time to live
      [0, 1, null], // clients
    ];
    for (const [at, values] of wrong.entries()) {
      for (const value of values) refusesRecord(fields.with(at, value as never));
    }
  });
});
