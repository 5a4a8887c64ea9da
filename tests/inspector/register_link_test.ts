import { assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../../lib/codec.ts";
import { fromLink, toLink } from "../../lib/inspector/register_link.ts";

describe("the link of a register", () => {
  it("names any register, in characters of a URL", () => {
    for (const key of ["k", "\ud800", null, -1n, ["a", { b: new Uint8Array([255, 0]) }]]) {
      for (const bucket of [undefined, "", "ü/?&"]) {
        const register = registerId("l", bucket, key);
        assertMatch(toLink(register), /^[\w-]+$/);
        assertEquals(fromLink(toLink(register)), register);
      }
    }
  });

  it("is refused if it names none", () => {
    for (const link of ["", "a", "*", "\u{1f600}", toLink("x\xf6a"), "A".repeat(100_000)]) {
      assertEquals(fromLink(link), null);
    }
  });
});
