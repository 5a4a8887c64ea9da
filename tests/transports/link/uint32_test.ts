import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readUint32, writeUint32 } from "../../../transports/link/uint32.ts";

describe("readUint32() and writeUint32()", () => {
  it("read and write 32 bits, the lowest byte first, and nothing beside them", () => {
    const examples: [number, number[]][] = [
      [0, [0, 0, 0, 0]],
      [1, [1, 0, 0, 0]],
      [0x01020304, [4, 3, 2, 1]],
      [2 ** 31, [0, 0, 0, 0x80]],
      [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff]],
    ];
    for (const [value, wanted] of examples) {
      const bytes = new Uint8Array(6).fill(7);
      writeUint32(bytes, 1, value);
      assertEquals([...bytes], [7, ...wanted, 7]);
      assertEquals(readUint32(bytes, 1), value);
    }
  });
});
