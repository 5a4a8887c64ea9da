import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Encoder } from "cbor-x/index-no-eval";
import { decodeFrame, encodeFrame, FORMAT_VERSION } from "../../lib/codec.ts";
import { concat } from "./support/bytes.ts";
import { Random } from "./support/random.ts";
import { RandomFrames } from "./support/random_frames.ts";

const RUNS = 100_000;

/** Replacements for a part of a frame: values at the edges of the ranges of fields. */
const EDGES: readonly unknown[] = [
  null,
  true,
  false,
  "",
  "~",
  "0ABCDEFGHIJKLMNOPQRS",
  "w1",
  "k\xf6\0",
  "k\xf6",
  -1,
  0,
  1,
  2,
  3,
  20,
  0.5,
  -0.5,
  600_000,
  2 ** 52,
  2 ** 53,
  -(2 ** 53),
  1e300,
  NaN,
  Infinity,
  new Uint8Array(0),
  [],
  [0],
  [1, 2, 3],
];

/** Flips bits, truncates, duplicates and inserts. */
function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const mutated = new Uint8Array(bytes);
  const at = () => random.below(mutated.length);
  switch (random.below(5)) {
    case 0:
      mutated[at()] ^= 1 << random.below(8);
      return mutated;
    case 1:
      for (let i = random.below(4); i >= 0; i--) mutated[at()] = random.below(256);
      return mutated;
    case 2:
      return mutated.slice(0, at());
    case 3:
      // A piece is removed, or duplicated.
      return concat(mutated.slice(0, at()), mutated.slice(at()));
    default:
      return concat(mutated.slice(0, at()), random.bytes(random.below(5)), mutated.slice(at()));
  }
}

/** Replaces one part of the decoded arrays, so the structure stays well-formed. */
function mutateFields(random: Random, fields: unknown[]): void {
  let list = fields;
  for (;;) {
    const at = random.below(list.length);
    const part = list[at];
    if (Array.isArray(part) && part.length > 0 && !random.once(4)) {
      list = part;
      continue;
    }
    const edge = random.pick(EDGES);
    const kind = random.below(6);
    if (kind === 0) list.splice(at, 1);
    else if (kind === 1) list.splice(at, 0, edge);
    else list[at] = edge;
    return;
  }
}

/** Decodes; an accepted frame must survive a round trip. Returns whether it was accepted. */
function check(bytes: Uint8Array): boolean {
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) {
    assert(decoded.reason === "version" || decoded.detail !== "");
    // The shape checks must detect every fault; any other exception is a bug in them.
    if (decoded.reason === "malformed") {
      assert(!decoded.detail.startsWith("cannot be"), decoded.detail);
    }
    return false;
  }
  const again = decodeFrame(encodeFrame(decoded.frame));
  assert(again.ok);
  assertEquals(again.frame, decoded.frame);
  return true;
}

describe("decodeFrame() never throws, and an accepted frame survives a round trip", () => {
  it(`for ${RUNS} random strings of bytes`, () => {
    const random = new Random(20);
    for (let i = 0; i < RUNS; i++) {
      const bytes = random.bytes(random.below(60));
      if (bytes.length > 0 && !random.once(10)) bytes[0] = FORMAT_VERSION;
      check(bytes);
    }
  });

  it(`for ${RUNS} frames with changed bytes`, () => {
    const random = new Random(21);
    const frames = new RandomFrames(random);
    let bytes = encodeFrame(frames.frame());
    let accepted = 0;
    for (let i = 0; i < RUNS; i++) {
      if (i % 20 === 0) bytes = encodeFrame(frames.frame());
      if (check(mutateBytes(random, bytes))) accepted++;
    }
    assertGreater(accepted, RUNS / 100);
  });

  it(`for ${RUNS} frames with changed fields`, () => {
    const random = new Random(22);
    const frames = new RandomFrames(random);
    const cbor = new Encoder({ useRecords: false, variableMapSize: true, tagUint8Array: false });
    let bytes = encodeFrame(frames.frame());
    let accepted = 0;
    for (let i = 0; i < RUNS; i++) {
      if (i % 20 === 0) bytes = encodeFrame(frames.frame());
      const fields = cbor.decode(bytes.slice(1)) as unknown[];
      mutateFields(random, fields);
      if (check(concat([FORMAT_VERSION], cbor.encode(fields)))) accepted++;
    }
    assertGreater(accepted, RUNS / 100);
  });
});
