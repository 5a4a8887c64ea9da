// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { registerId } from "../../lib/codec.ts";
import { isConfiguration } from "../../lib/paxos/register.ts";

describe("isConfiguration() (section 8)", () => {
  it("is true for the register of kind c in the default bucket with the key null", () => {
    assertEquals(isConfiguration(registerId("c", undefined, null)), true);
  });

  it("is false for all others: a client must not find a kind of register without bounds", () => {
    const others = [
      registerId("c", undefined, ""),
      registerId("c", undefined, "null"),
      registerId("c", undefined, [null]),
      registerId("c", "", null),
      registerId("k", undefined, null),
      registerId("l", undefined, null),
      registerId("s", undefined, null),
      "",
      "c",
      "c\xf6",
      "c\xf6\xf6\0",
      " c\xf6\xf6",
    ];
    assertEquals(others.filter(isConfiguration), []);
  });
});
