// Runs in Deno alone: pure.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeValue, encodeValue, MalformedError } from "../../lib/codec.ts";
import { LockRequest } from "../../lib/locks/lock_request.ts";
import { WholeLabels } from "../../lib/locks/whole_labels.ts";
import type { Core } from "../../lib/node/core.ts";
import { Owner } from "../../lib/owners/owner.ts";

const owner = new Owner({ node: "a", session: "a/1/1", seq: 1 });
const request = (number: number, label?: string) =>
  [number, new LockRequest("lk", owner, number, { mode: "exclusive", label }, 0)] as const;

/** The answers to a question with this content. */
function answers(content: unknown): unknown[] {
  const labels = new WholeLabels({} as Core, new Map([request(1, "one"), request(2)]));
  const told: unknown[] = [];
  assertEquals(
    labels.asked(encodeValue(content, 10_000), (body) => told.push(decodeValue(body))),
    true,
  );
  return told;
}

describe("WholeLabels.asked()", () => {
  it("tells the labels of own requests for that lock, and of no other", () => {
    assertEquals(answers(["label", "lk", [1, 2, 3]]), [[[1, "one"]]]);
    assertEquals(answers(["label", "other", [1]]), [[]]);
  });

  it("does nothing for what no node asks", () => {
    assertEquals(answers(["label", "lk", 1]), []);
    assertEquals(answers(["label", "lk", Array.from({ length: 101 }, () => 1)]), []);
    assertEquals(answers(["label", null, [null, "1", {}, 1.5]]), [[]]);
  });

  it("leaves what is about singletons to them, and throws for bytes that are no value", () => {
    const labels = new WholeLabels({} as Core, new Map());
    const never = () => {
      throw new Error("it was told");
    };
    for (const content of [[0], [0, 1, 2], "label", ["labels"], []]) {
      assertEquals(labels.asked(encodeValue(content, 100), never), false);
    }
    assertEquals(labels.asked(new Uint8Array(), never), false);
    const cut = encodeValue(["label", "lk", [1]], 100).subarray(0, 9);
    assertThrows(() => labels.asked(cut, never), MalformedError);
  });
});
