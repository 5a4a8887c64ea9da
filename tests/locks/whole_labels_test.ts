// Runs in Deno alone: pure, and virtual time.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, decodeValue, encodeFrame, encodeValue } from "../../lib/codec.ts";
import { LockRequest } from "../../lib/locks/lock_request.ts";
import { WholeLabels } from "../../lib/locks/whole_labels.ts";
import type { Core } from "../../lib/node/core.ts";
import { Owner } from "../../lib/owners/owner.ts";
import type { Transport } from "../../mod.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

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
    const labels = new WholeLabels({} as Core, new Map());
    const never = () => {
      throw new Error("it was told");
    };
    // No value: an error would cost the other messages of the frame.
    const cut = encodeValue(["label", "lk", [1]], 100).subarray(0, 9);
    assertEquals(labels.asked(cut, never), true);
  });

  it("leaves what is about singletons to them", () => {
    const labels = new WholeLabels({} as Core, new Map());
    const never = () => {
      throw new Error("it was told");
    };
    for (const content of [[0], [0, 1, 2], "label", ["labels"], []]) {
      assertEquals(labels.asked(encodeValue(content, 100), never), false);
    }
    assertEquals(labels.asked(new Uint8Array(), never), false);
  });
});

describe("WholeLabels.of()", () => {
  it("does without the label of a node whose answer is malformed", async () => {
    /** Changes each answer of n2. */
    const wrap = (inner: Transport, id: string): Transport => {
      if (id !== "n2") return inner;
      const send = (to: string, frame: Uint8Array) => {
        const decoded = decodeFrame(frame);
        if (!decoded.ok) throw new Error("no frame");
        const replies = decoded.frame.replies.map((reply) =>
          reply.type === "told" ? { ...reply, body: Uint8Array.of(0x9f) } : reply
        );
        inner.send(to, encodeFrame({ ...decoded.frame, replies }));
      };
      return { open: (...of) => inner.open(...of), close: () => inner.close(), send };
    };
    await using cluster = await VirtualCluster.start(3, { sessionTtl: 2_000 }, wrap);
    const { time, nodes: [first, second] } = cluster;
    const errors: string[] = [];
    first.addEventListener("error", ({ detail }) => errors.push(String(detail.error)));
    await time.until(second.lock("k", { label: "x".repeat(150) }));
    const { holders: [holder] } = await time.until(first.explain("k"));
    assertEquals(holder.label, "x".repeat(64));
    const { frames: { dropped } } = await time.until(first.status());
    assertEquals([errors, dropped], [[], 0]);
  });
});
