// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MAX_BINDINGS, replySize, requestSize } from "../../lib/codec.ts";
import { MAX_TIMEOUT } from "../../lib/codec/limits.ts";
import { MAX_ORDERED } from "../../lib/paxos/lock_orders.ts";
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

const ORDER: Request = {
  id: 3,
  type: "order",
  register: REGISTER,
  term: CLOCK - 2,
  session: SESSION,
  requests: [
    { seq: 4, request: 7, mode: "exclusive", permits: 0, since: 2 ** 41, label: "" },
    { seq: 5, request: 9, mode: "shared", permits: 0, since: 0, label: "ü" },
    { seq: 5, request: 10, mode: "shared", permits: 1, since: 0, label: "" },
    { seq: 5, request: 11, mode: "shared", permits: 1_024, since: 0, label: "" },
  ],
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
    const requests = [
      ...[[4, 7, 0, 2 ** 41, ""], [5, 9, 1, 0, "ü"]],
      ...[[5, 10, 2, 0, ""], [5, 11, 1_025, 0, ""]],
    ];
    requestIs(ORDER, [50, 3, REGISTER, 2, ["w1", LIFE, 3], requests]);
  });

  it("refuse invalid parts of an order", () => {
    const at = (place: number, ...wrong: unknown[]) =>
      spoilsField("requests", ORDER, place, ...wrong);
    at(2, "", "k", null, 5); // register
    at(3, CLOCK, CLOCK - 2 ** 52, 0.5, "1"); // term
    at(4, null, 9, []); // session
    const of = (...numbers: number[]) => [...numbers, 9, ""];
    at(5, null, [], [null], [of(4, 7)], [of(4, 7, 1_026)], [of(-1, 7, 0)], [of(4, 0.5, 0)]); // requests
    at(5, [of(4, 7, 0), of(5, 7, 0)], [of(4, 7, 0), of(5, 6, 0)]);
    at(5, Array.from({ length: MAX_ORDERED + 1 }, (_, request) => of(1, request, 0)));
    at(5, [[4, 7, 0, -1, ""]], [[4, 7, 0, 0.5, ""]], [[4, 7, 0, 9, null]]);
    at(5, [[4, 7, 0, 9, "x".repeat(65)]], [[4, 7, 0, 9, "é".repeat(33)]]);
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
    assertEquals(requestSize(ORDER), 2 * REGISTER.length + 4 * 34 + 3);
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
    replyIs({ id: 3, type: "unordered", moved: true }, [50, 3, true]);
    spoilsField("replies", { id: 3, type: "unordered", moved: true }, 2, null, 0, "true");
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
