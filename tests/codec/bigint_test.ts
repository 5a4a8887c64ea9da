import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bigintBytes, bigintFits, bigintFrom, MAX_BIGINT_BYTES } from "../../lib/codec/bigint.ts";
import { toHex } from "./support/bytes.ts";

const LIMIT = 2n ** BigInt(8 * MAX_BIGINT_BYTES);

describe("bigintBytes()", () => {
  it("is big-endian, in the fewest bytes", () => {
    const examples: [bigint, string][] = [
      [0n, ""],
      [1n, "01"],
      [255n, "ff"],
      [256n, "0100"],
      [0x0fffn, "0fff"],
      [2n ** 64n, "010000000000000000"],
    ];
    for (const [value, bytes] of examples) assertEquals(toHex(bigintBytes(value)), bytes);
  });

  it("comes back around each power of 256, up to the longest", () => {
    for (let size = 0; size <= 40; size++) {
      const power = 256n ** BigInt(size);
      for (const value of [power - 1n, power, power + 1n]) {
        const bytes = bigintBytes(value);
        assertEquals(bigintFrom(bytes, 0, bytes.length), value);
        assert(bytes[0] !== 0, `${value} has a leading zero`);
      }
    }
    const longest = bigintBytes(LIMIT - 1n);
    assertEquals(longest, new Uint8Array(MAX_BIGINT_BYTES).fill(255));
    assertEquals(bigintFrom(longest, 0, longest.length), LIMIT - 1n);
  });
});

describe("bigintFrom()", () => {
  it("reads its range alone, and takes leading zeros", () => {
    const bytes = Uint8Array.of(9, 0, 0, 1, 2, 9);
    assertEquals(bigintFrom(bytes, 1, 5), 258n);
    assertEquals(bigintFrom(bytes, 2, 2), 0n);
  });
});

describe("bigintFits()", () => {
  it("is true from -2^8192 to 2^8192 - 1", () => {
    for (const value of [0n, -1n, LIMIT - 1n, -LIMIT]) assert(bigintFits(value));
    for (const value of [LIMIT, -LIMIT - 1n]) assert(!bigintFits(value));
  });
});
