import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { beyond, GuestError } from "../../lib/gateway/refusal.ts";

describe("beyond()", () => {
  it("says what the bound is, for the guest", () => {
    const error = beyond("locks", 100);
    assertInstanceOf(error, GuestError);
    // It would have a stack trace, which costs more than all the rest of a refusal.
    assert(!(error instanceof Error));
    assertEquals([error.code, error.message], [
      "queue_full",
      "A guest may have 100 locks at this member",
    ]);
  });
});
