// Runs in Deno alone: pure, and virtual time.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { decodeFrame, decodeValue, encodeFrame, encodeValue } from "../../lib/codec.ts";
import { LockRequest } from "../../lib/locks/lock_request.ts";
import { WholeLabels } from "../../lib/locks/whole_labels.ts";
import type { LockEntry } from "../../lib/paxos/lock_register.ts";
import type { Core } from "../../lib/node/core.ts";
import type { PeerRequest } from "../../lib/node/engine/peer_request.ts";
import { Owner } from "../../lib/owners/owner.ts";
import type { Transport } from "../../mod.ts";
import { reasonOf } from "../support/expect.ts";
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
    assertEquals(answers(["label", "lk", [1, 2, 3]]), [[[1, "one", "a/1/1"]]]);
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
  it("takes no label of a later life's request, which has the number of an earlier one", async () => {
    const begins = "import of the customers of the northern region into the warehouse";
    const later = new LockRequest("lk", owner, 1, { mode: "exclusive", label: `${begins}, 2` }, 0);
    const labels = new WholeLabels({ self: "a" } as Core, new Map([[1, later]]));
    const labelsOf = async (entry: LockEntry) => [
      ...(await labels.of("lk", [entry], { deadline: Infinity })).values(),
    ];
    assertEquals(await labelsOf(later.entry), [`${begins}, 2`]);
    const pid = { ...later.entry.pid, session: "a/0/1" };
    assertEquals(await labelsOf({ ...later.entry, pid }), []);
  });

  for (const how of ["its signal has aborted", "its node has closed"]) {
    it(`asks nothing when ${how}, and rejects`, async () => {
      await using cluster = await VirtualCluster.start(3, { sessionTtl: 2_000 });
      const { time, nodes: [node] } = cluster;
      const { core } = partsOf(node);
      let asked = 0;
      const send = () => void asked++;
      const counting: Pick<
        Core,
        "self" | "runtime" | "pacing" | "isOver" | "operation" | "peerRequest"
      > = {
        ...{ self: core.self, runtime: core.runtime, pacing: core.pacing },
        get isOver() {
          return core.isOver;
        },
        operation: (limits) => core.operation(limits),
        peerRequest: () => ({ send, close: () => {} }) as unknown as PeerRequest,
      };
      const labels = new WholeLabels(counting as Core, new Map());
      const pid = { node: "n2", session: "n2/x/1", seq: 1 };
      const label = "x".repeat(64);
      const entry: LockEntry = { pid, request: 1, mode: "exclusive", token: 1, label };
      const signal = how.includes("signal") ? AbortSignal.abort(new Error("over")) : undefined;
      if (signal === undefined) await time.until(node.close());
      await time.until(reasonOf(labels.of("lk", [entry], { deadline: Infinity, signal })));
      await cluster.pass(10_000);
      assertEquals(asked, 0);
    });
  }

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
