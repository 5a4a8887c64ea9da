import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { invalidUtf8At } from "../../lib/codec/utf8_scan.ts";
import { hex } from "./support/bytes.ts";
import { Random } from "./support/random.ts";

const at = (bytes: Uint8Array) => invalidUtf8At(bytes, 0, bytes.length);

describe("invalidUtf8At()", () => {
  it("accepts the first and the last character of every length", () => {
    for (const point of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff]) {
      assertEquals(
        at(new TextEncoder().encode(String.fromCodePoint(point))),
        -1,
        point.toString(16),
      );
    }
  });

  it("returns the offset of the first invalid byte", () => {
    const wrong: [string, number][] = [
      ["80", 0], // a continuation byte without a start
      ["61 bf", 1],
      ["c0 80", 0], // an overlong form
      ["c1 bf", 0],
      ["e0 9f bf", 0],
      ["f0 8f bf bf", 0],
      ["ed a0 80", 0], // surrogates
      ["ed bf bf", 0],
      ["f4 90 80 80", 0], // past the end of Unicode
      ["f5 80 80 80", 0],
      ["ff", 0],
      ["c3", 0], // truncated
      ["61 e2 82", 1],
      ["61 62 f0 9f 98", 2],
      ["e2 28 a1", 0],
      ["e2 82 28", 0],
      ["f0 9f 98 28", 0],
    ];
    for (const [text, place] of wrong) assertEquals(at(hex(text)), place, text);
  });

  it("reads only its range", () => {
    const bytes = hex("ff 61 c3 a9 ff");
    assertEquals(invalidUtf8At(bytes, 1, 4), -1);
    assertEquals(invalidUtf8At(bytes, 1, 3), 2);
  });

  it("agrees with TextDecoder on random bytes", () => {
    const random = new Random(1);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    // Bytes at the edges of valid UTF-8, so that many are valid for some length.
    const edges = [0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf];
    edges.push(0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff);
    let valid = 0;
    for (let i = 0; i < 50_000; i++) {
      const bytes = Uint8Array.from({ length: 1 + random.below(5) }, () => random.pick(edges));
      let accepted = true;
      try {
        decoder.decode(bytes);
      } catch {
        accepted = false;
      }
      if (accepted) valid++;
      assertEquals(at(bytes) < 0, accepted, String(bytes));
    }
    assertEquals(valid > 1000, true);
  });
});
