import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  decodeExplanation,
  encodeExplanation,
  unknownLock,
} from "../../lib/locks/explanation_value.ts";

describe("an explanation for a guest", () => {
  it("arrives as it was, also with keys that no value can be", () => {
    const key = "\ud800";
    const pid = { node: "a", session: "a", seq: 1 };
    const owner = {
      node: "a",
      pid,
      mode: "shared",
      permits: null,
      since: null,
      label: null,
    } as const;
    const explanation = {
      ...unknownLock(key, 7, "no quorum"),
      holders: [{ ...owner, token: 1, remaining: null, waitsFor: [key, ["b", 1]] }],
      deadlock: { certain: false, cycle: [{ key, owner }] },
    };
    assertEquals(decodeExplanation(encodeExplanation(explanation)), explanation);
  });

  it("is refused if its bytes are none", () => {
    for (const bytes of [new Uint8Array(), new Uint8Array([0xf6]), new Uint8Array([0x80])]) {
      assertThrows(() => decodeExplanation(bytes));
    }
  });

  it("says why nothing is known", () => {
    const { state, reason, text } = unknownLock("k", 7, "b does not answer");
    assertEquals([state, reason], ["unknown", "b does not answer"]);
    assertStringIncludes(text, "b does not answer");
  });
});
