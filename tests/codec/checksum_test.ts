// Runs in Deno alone: pure arithmetic.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { crc32 } from "../../lib/codec/checksum.ts";

const text = (value: string) => new TextEncoder().encode(value);

describe("crc32()", () => {
  it("is the checksum that everybody has", () => {
    assertEquals(crc32(text("123456789")), 0xcbf43926);
    assertEquals(crc32(text("")), 0);
    assertEquals(crc32(text("The quick brown fox jumps over the lazy dog")), 0x414fa339);
  });

  it("goes on behind other bytes, and begins where it is told", () => {
    assertEquals(crc32(text("56789"), 0, crc32(text("1234"))), 0xcbf43926);
    assertEquals(crc32(text("__123456789"), 2), 0xcbf43926);
  });

  it("differs after each flipped bit", () => {
    const value = text("a value of some bytes");
    const sum = crc32(value);
    for (let bit = 0; bit < 8 * value.length; bit++) {
      const flipped = value.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      assert(crc32(flipped) !== sum);
    }
  });
});
