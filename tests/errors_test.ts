import { assertEquals, assertInstanceOf } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SynodError } from "../mod.ts";

describe("SynodError", () => {
  it("is an error with a name, a code, a text and a cause", () => {
    const cause = new Error("why");
    const error = new SynodError("no_quorum", "what", { cause });
    assertInstanceOf(error, Error);
    const { name, code, message } = error;
    assertEquals([name, code, message, error.cause], ["SynodError", "no_quorum", "what", cause]);
    assertEquals(String(error), "SynodError: what");
  });

  it("has no cause without one", () => {
    assertEquals("cause" in new SynodError("closed", "what"), false);
  });
});
