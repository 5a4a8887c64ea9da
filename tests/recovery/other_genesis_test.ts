// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../lib/codec.ts";
import { KEY, life, ScriptedNode, sendable } from "../support/scripted_node.ts";

describe("a client that enters another genesis (section 7)", () => {
  it("sends nothing under it that was decided under the one before", async () => {
    const node = await ScriptedNode.start();
    const draft = {
      present: true,
      op: "",
      value: new Uint8Array(1),
      bindings: [],
      owners: [],
    } as const;
    node.core.proposals.change(KEY, sendable(() => ({ draft, result: null })), node.core.limits())
      .catch(() => {});
    await node.send("a", "b");
    await node.settle();
    // Two frames in one turn, as Intake hands them on: promises of a quorum; and another record (of a majority).
    await node.hear("a");
    const first = node.hear("b");
    node.engine.enter({ ...node.record, id: "h", lives: [2, 2, 2].map(life) });
    await first;
    await node.settle();
    const sent = node.frames.map(({ frame }) => {
      const decoded = decodeFrame(frame);
      assert(decoded.ok);
      return decoded.frame;
    });
    const accepts = sent.filter(({ header, requests }) =>
      header.genesis === "h" && requests.some(({ type }) => type === "accept")
    );
    assertEquals(accepts.length, 0);
  });
});
