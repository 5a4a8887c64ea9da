import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { readLines } from "./lines.ts";

/** The lines of a stream with these chunks. */
async function linesOf(...pieces: readonly Uint8Array[]): Promise<string[]> {
  return await Array.fromAsync(readLines(ReadableStream.from(pieces)));
}

describe("readLines()", () => {
  it("joins lines that were split anywhere", async () => {
    const bytes = new TextEncoder().encode("one\ntwö\n\nthree\n");
    for (let cut = 0; cut <= bytes.length; cut++) {
      const lines = await linesOf(bytes.subarray(0, cut), bytes.subarray(cut));
      assertEquals(lines, ["one", "twö", "", "three"]);
    }
  });

  it("drops an incomplete last line: its process was killed", async () => {
    assertEquals(await linesOf(new TextEncoder().encode("one\ntw")), ["one"]);
    assertEquals(await linesOf(), []);
  });
});
