// Runs in Deno alone: pure.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeConfiguration, MalformedError, readConfiguration } from "../../lib/codec.ts";
import { encodeValue } from "../../lib/codec/value.ts";
import { makeLife } from "../../lib/paxos/ballot.ts";
import type { Configuration } from "../../lib/paxos/configuration.ts";

const LIFE = makeLife(1, () => 0.5);
const WHOLE: Configuration = {
  epoch: 7,
  members: [{ id: "w1", life: LIFE, since: 0 }, { id: "w2", life: LIFE, since: 6 }],
  joining: { id: "w3", life: LIFE },
  leaving: null,
  settled: false,
};

function read(value: Uint8Array): Configuration | null {
  return readConfiguration({
    ...{ present: true, token: 1, over: 0, op: "o", value, bindings: [], owners: [] },
  });
}

describe("the value of the configuration register", () => {
  it("comes back as it was", () => {
    for (
      const one of [
        WHOLE,
        { ...WHOLE, joining: null, leaving: { id: "w9", life: LIFE } },
        { ...WHOLE, joining: null, settled: true },
      ]
    ) {
      assertEquals(read(encodeConfiguration(one)), one);
    }
  });

  it("is none in a register that is absent", () => {
    assertEquals(readConfiguration({ present: false, token: 1 }), null);
  });

  it("is refused with anything else in it", () => {
    const good: unknown[] = [7, [["w1", LIFE, 0]], null, null, true];
    assertEquals(read(encodeValue(good, 1_000))?.epoch, 7);
    const bad = [
      ...[7, [], good.slice(1), [-1, ...good.slice(1)], [0.5, ...good.slice(1)]],
      ...[[], "w1", [["w1", LIFE]], [["w 1", LIFE, 0]], [["w1", "x", 0]], [["w1", LIFE, -1]]]
        .map((rows) => good.with(1, rows)),
      ...[7, ["w1"], ["w1", 7], [7, LIFE], undefined].flatMap((row) => [
        good.with(2, row ?? 0),
        good.with(3, row ?? 0),
      ]),
      ...[1, null].map((settled) => good.with(4, settled)),
    ];
    for (const value of bad) {
      assertThrows(() => read(encodeValue(value, 1_000)), MalformedError);
    }
  });
});
