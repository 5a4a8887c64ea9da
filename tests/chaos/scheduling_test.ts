import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { parseWaited, readWaited } from "./scheduling.ts";

describe("readWaited()", () => {
  it("returns how long a process has waited for a processor", () => {
    // The wait before the first time slice counts, too.
    if (Deno.build.os === "linux") assertGreater(readWaited(Deno.pid), 0);
    assertEquals(readWaited(2 ** 30), 0);
  });
});

describe("parseWaited()", () => {
  it("returns milliseconds", () => {
    assertEquals(parseWaited("15166920 3890086 14\n"), 3.890086);
  });

  it("throws at anything else", () => {
    for (const text of ["", "1", "a b c"]) assertThrows(() => parseWaited(text), SyntaxError);
  });
});
