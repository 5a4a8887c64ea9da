import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { floatBytes, packFloat, unpackFloat } from "../../lib/codec/float.ts";
import { toHex } from "./support/bytes.ts";
import { Random } from "./support/random.ts";

const packed = (value: number) => toHex(floatBytes.slice(0, packFloat(value)));

describe("packFloat()", () => {
  it("takes the fewest bytes, as in the examples of RFC 8949", () => {
    const examples: [number, string][] = [
      [0, "0000"],
      [-0, "8000"],
      [1, "3c00"],
      [1.5, "3e00"],
      [65504, "7bff"],
      [100000, "47c35000"],
      [3.4028234663852886e38, "7f7fffff"],
      [1.0e300, "7e37e43c8800759c"],
      [5.960464477539063e-8, "0001"],
      [0.00006103515625, "0400"],
      [-4, "c400"],
      [-4.1, "c010666666666666"],
      [1.1, "3ff199999999999a"],
      [Infinity, "7c00"],
      [-Infinity, "fc00"],
      [NaN, "7e00"],
    ];
    for (const [value, bytes] of examples) assertEquals(packed(value), bytes, String(value));
  });

  it("takes more bytes if fewer would change the value", () => {
    assertEquals(packed(65520), "477ff000"); // would round up to infinity
    assertEquals(packed(2 ** -25), "33000000"); // below the smallest half
    assertEquals(packed(2 ** -24 + 2 ** -34), "33802000");
    assertEquals(packed(1 + 2 ** -11), "3f801000");
    assertEquals(packed(2 ** -149), "00000001");
    assertEquals(packed(5e-324), "0000000000000001");
  });

  it("keeps every half as a half", () => {
    for (let half = 0; half < 0x10000; half++) {
      floatBytes[0] = half >> 8;
      floatBytes[1] = half & 0xff;
      const value = unpackFloat(2);
      const size = packFloat(value);
      assertEquals(size, 2);
      if (!Number.isNaN(value)) assertEquals((floatBytes[0] << 8) | floatBytes[1], half);
      assertEquals(unpackFloat(size), value);
    }
  });

  it("keeps every single and double", () => {
    const random = new Random(2);
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < 20_000; i++) {
      view.setUint32(0, random.uint32());
      view.setUint32(4, random.uint32());
      if (random.once(2)) view.setUint32(0, view.getUint32(0) & 0xffffe000);
      for (const value of [view.getFloat32(0), view.getFloat64(0)]) {
        const size = packFloat(value);
        assertEquals(unpackFloat(size), value);
      }
    }
  });
});
