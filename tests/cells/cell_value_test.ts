// Runs in Deno alone: pure.
import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeCell, encodeCell } from "../../lib/cells/cell_value.ts";
import { encodeValue, MalformedError } from "../../lib/codec.ts";
import { type CellWriter, MAX_WRITERS } from "../../lib/paxos/cell_register.ts";

const LIFE = "0".repeat(20);
const VALUE = Uint8Array.of(1, 2);

describe("encodeCell() and decodeCell()", () => {
  it("keep the value and all writers, of nodes, guests and none", () => {
    const writers = [
      { op: null, token: 5 },
      { op: `${LIFE}/7`, token: 5 },
      { op: `~x/${LIFE}/2`, token: 2 ** 51 },
      { op: `${LIFE}/9`, token: 2 ** 51 + 1 },
    ];
    for (const value of [VALUE, new Uint8Array(0)]) {
      const cell = { value, writers };
      assertEquals(decodeCell(encodeCell(cell)), cell);
    }
  });

  it("take at most 16 KiB besides the value, which acceptors allow", () => {
    const writers: CellWriter[] = Array.from({ length: MAX_WRITERS }, (_, index) => ({
      op: `~${"x".repeat(60)}${1000 + index}/${LIFE}/${Number.MAX_SAFE_INTEGER}`,
      token: (index + 1) * 2 ** 46,
    }));
    const cell = { value: new Uint8Array(1_000), writers };
    const bytes = encodeCell(cell);
    assertEquals(decodeCell(bytes), cell);
    assertLess(bytes.length, 1_000 + 16 * 1024);
  });

  it("refuse what no node writes", () => {
    const refused = (...fields: unknown[]) =>
      assertThrows(() => decodeCell(encodeValue(fields, Infinity)), MalformedError);
    refused();
    refused(VALUE, [], [0, 0, 1], 1);
    refused("v", [], [0, 0, 1]);
    refused(VALUE, "a", [0, 0, 1]);
    refused(VALUE, [1], [0, 0, 1]);
    refused(VALUE, [], []);
    refused(VALUE, [], [0, 0]);
    refused(VALUE, [], [0, 0, -1]);
    refused(VALUE, [], [0, 0.5, 1]);
    refused(VALUE, [LIFE], [2, 1, 1]);
    refused(VALUE, [], new Array(3 * MAX_WRITERS + 3).fill(0));
  });
});
