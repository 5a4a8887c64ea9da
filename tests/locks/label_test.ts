// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { shortLabel } from "../../lib/locks/label.ts";

describe("shortLabel()", () => {
  it("is the beginning of a label, of at most 64 bytes in UTF-8", () => {
    assertEquals(shortLabel(""), "");
    assertEquals(shortLabel("import"), "import");
    assertEquals(shortLabel("x".repeat(200)), "x".repeat(64));
    assertEquals(shortLabel(`x${"ä".repeat(100)}`), `x${"ä".repeat(31)}`);
    assertEquals(shortLabel("\ud800"), "\ufffd");
  });
});
