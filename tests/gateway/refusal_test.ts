import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { beyond, GuestError } from "../../lib/gateway/refusal.ts";

describe("beyond()", () => {
  it("is an error that says what the bound is, for the guest", () => {
    const error = beyond("locks", 100);
    assertInstanceOf(error, GuestError);
    assertEquals([error.code, error.message], [
      "queue_full",
      "A guest may have 100 locks at this member",
    ]);
  });
});
