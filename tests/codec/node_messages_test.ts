// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MAX_BINDINGS, replySize, requestSize } from "../../lib/codec.ts";
import { MAX_TIMEOUT } from "../../lib/codec/limits.ts";
import type { Reply, Request } from "../../lib/paxos/messages.ts";
import { CLOCK, LIFE, OTHER, REGISTER, SESSION } from "./support/frames.ts";
import { replyIs, requestIs, spoilsField } from "./support/spoil.ts";

const BYTES = Uint8Array.of(1, 2);

const HANDOVER: Request = {
  id: 1,
  type: "handover",
  op: `${OTHER}/4`,
  pid: { node: "w1", session: SESSION, seq: 9 },
  register: REGISTER,
  value: BYTES,
  bindings: [{ kind: "until", time: Infinity }],
  timeout: 2_000,
  since: CLOCK - 1,
};

/** Values that are no bytes. */
const NO_BYTES = [null, "text", [1], 5];

describe("NODE_REQUESTS", () => {
  it("have these fields", () => {
    requestIs(HANDOVER, [
      ...[14, 1, OTHER, 4],
      ["w1", LIFE, 3],
      ...[9, REGISTER, BYTES],
      [[3, Infinity]],
      ...[2_000, 1],
    ]);
    requestIs({ id: 2, type: "ask", body: BYTES }, [16, 2, BYTES]);
  });

  it("may name the operation of a guest", () => {
    requestIs({ ...HANDOVER, op: `~x/${OTHER}/4`, bindings: [] }, [
      ...[14, 1, `~x/${OTHER}`, 4],
      ["w1", LIFE, 3],
      ...[9, REGISTER, BYTES, [], 2_000, 1],
    ]);
  });

  it("refuse invalid parts of a handover", () => {
    const at = (place: number, ...wrong: unknown[]) =>
      spoilsField("requests", HANDOVER, place, ...wrong);
    at(2, "", 0, 1, 99, "short", `~/${OTHER}`, `x/${OTHER}`, null); // author of the operation
    at(3, -1, 0.5, 10 ** 15, "4", null); // its number
    at(4, null, 9, []); // session of the pid
    at(5, -1, 0.5, 2 ** 53, null); // its number
    at(6, "", "k", null, 5); // register
    at(7, ...NO_BYTES);
    at(8, null, [null], [[9]], new Array(MAX_BINDINGS + 1).fill([3, 1])); // bindings
    at(9, -1, NaN, MAX_TIMEOUT + 1, "1", null); // time limit
    at(10, CLOCK, CLOCK - 2 ** 52, 0.5, "1"); // since
  });

  it("refuse a question that is not bytes", () => {
    spoilsField("requests", { id: 2, type: "ask", body: BYTES }, 2, ...NO_BYTES);
  });

  it("take the size of their content", () => {
    assertEquals(requestSize(HANDOVER), 2 * REGISTER.length + 2);
    assertEquals(requestSize({ id: 2, type: "ask", body: BYTES }), 2);
  });
});

describe("NODE_REPLIES", () => {
  const found: Reply = { id: 1, type: "handed", outcome: "found", value: BYTES, token: CLOCK };

  it("have these fields", () => {
    replyIs({ ...found, outcome: "written", token: 0 }, [20, 1, 0, BYTES, null]);
    replyIs(found, [20, 1, 1, BYTES, 0]);
    replyIs({ id: 1, type: "handed", outcome: "invalid_value" }, [20, 1, 2]);
    replyIs({ id: 1, type: "handed", outcome: "no_quorum" }, [20, 1, 3]);
    replyIs({ id: 1, type: "handed", outcome: "full" }, [20, 1, 4]);
    replyIs({ id: 2, type: "told", body: BYTES }, [22, 2, BYTES]);
    replyIs({ id: 3, type: "unreachable", to: "~x" }, [23, 3, "~x"]);
  });

  it("have a value exactly if the outcome has one", () => {
    spoilsField("replies", { id: 1, type: "handed", outcome: "full" }, 2, 0, 1, 5, -1, null);
    spoilsField("replies", found, 2, 2, 3, 4, 5, -1, null);
    spoilsField("replies", found, 3, ...NO_BYTES);
    spoilsField("replies", found, 4, CLOCK, "0");
  });

  it("refuse answers that are not bytes, and invalid names", () => {
    spoilsField("replies", { id: 2, type: "told", body: BYTES }, 2, ...NO_BYTES);
    spoilsField("replies", { id: 3, type: "unreachable", to: "w1" }, 2, "", "a/b", "~", 1, null);
  });

  it("take the size of their content", () => {
    assertEquals(replySize(found), 2);
    assertEquals(replySize({ id: 1, type: "handed", outcome: "full" }), 0);
    assertEquals(replySize({ id: 2, type: "told", body: BYTES }), 2);
    assertEquals(replySize({ id: 3, type: "unreachable", to: "w1" }), 0);
  });
});
