// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { payloadSize, replySize, requestHandler, requestSize } from "../../lib/codec.ts";
import type { RelayPayload, Reply, Request } from "../../lib/paxos/messages.ts";
import { EMPTY, LIFE, OTHER, REGISTER } from "./support/frames.ts";
import { Random } from "./support/random.ts";
import { RandomFrames } from "./support/random_frames.ts";
import { fieldsOf, requestIs, spoils, spoilsField } from "./support/spoil.ts";

const BODY = Uint8Array.of(1);

const QUESTION: RelayPayload = { repliesTo: null, message: { id: 2, type: "ask", body: BODY } };
const ANSWER: RelayPayload = { repliesTo: OTHER, message: { id: 2, type: "told", body: BODY } };

describe("relayed messages", () => {
  it("have these fields", () => {
    requestIs({ id: 1, type: "relay", to: "w2", payload: QUESTION }, [
      ...[17, 1, "w2", null],
      [16, 2, BODY],
    ]);
    requestIs({ id: 1, type: "relay", to: "~x", payload: ANSWER }, [
      ...[17, 1, "~x", OTHER],
      [22, 2, BODY],
    ]);
    requestIs({ id: 1, type: "relayed", from: "w2", life: LIFE, payload: QUESTION }, [
      ...[18, 1, "w2", LIFE, null],
      [16, 2, BODY],
    ]);
    requestIs({ id: 1, type: "relayed", from: "~x", life: OTHER, payload: ANSWER }, [
      ...[18, 1, "~x", OTHER, 2],
      [22, 2, BODY],
    ]);
  });

  it("are nothing but questions and answers between two nodes", () => {
    const body = Uint8Array.of(1);
    const question: Request = {
      id: 1,
      type: "relay",
      to: "w2",
      payload: { repliesTo: null, message: { id: 2, type: "ask", body } },
    };
    const answer: Request = {
      id: 1,
      type: "relayed",
      from: "w2",
      life: LIFE,
      payload: { repliesTo: OTHER, message: { id: 2, type: "told", body } },
    };
    const [asked, told] = [[16, 2, body], [22, 2, body]];
    spoilsField("requests", question, 2, "", "a/b", null, 1);
    spoilsField("requests", question, 3, OTHER, 0, 1, 99, "short");
    spoilsField("requests", question, 4, null, [], asked.slice(0, 2), told);
    spoilsField("requests", answer, 2, "", "a/b", null, 1);
    spoilsField("requests", answer, 3, null, 0, 1, 99, "short");
    spoilsField("requests", answer, 4, null, 0, 1, 99, "short");
    spoilsField("requests", answer, 5, null, [], told.slice(0, 2), asked);
    const frames = new RandomFrames(new Random(14));
    for (const type of Object.keys(frames.requests) as Request["type"][]) {
      if (type === "ask" || type === "handover") continue;
      // Nor a message that was relayed already: a relay is one hop.
      const inner = (fieldsOf({ ...EMPTY, requests: [frames.request(type)] })[6] as unknown[])[0];
      spoilsField("requests", question, 4, inner);
    }
    for (const type of Object.keys(frames.replies) as Reply["type"][]) {
      if (type === "told" || type === "handed") continue;
      const inner = (fieldsOf({ ...EMPTY, replies: [frames.reply(type)] })[8] as unknown[])[0];
      spoilsField("requests", answer, 5, inner);
    }
  });

  it("take the size of what they carry", () => {
    assertEquals(payloadSize(QUESTION), 1);
    assertEquals(payloadSize(ANSWER), 1);
    assertEquals(requestSize({ id: 1, type: "relay", to: "w2", payload: QUESTION }), 1);
    const payload: RelayPayload = {
      repliesTo: OTHER,
      message: { id: 2, type: "handed", outcome: "found", value: new Uint8Array(40), token: 1 },
    };
    assertEquals(requestSize({ id: 1, type: "relayed", from: "w2", life: LIFE, payload }), 40);
  });
});

describe("decodeRequest()", () => {
  it("refuses a message with a field too many or too few, or of an unknown kind", () => {
    const frames = new RandomFrames(new Random(15));
    for (const type of Object.keys(frames.requests) as Request["type"][]) {
      const message = frames.request(type);
      spoils("requests", message, (fields) => fields.push(null));
      spoils("requests", message, (fields) => fields.pop());
      spoilsField("requests", message, 0, -1, 255, 0.5, null, "0", true);
      spoilsField("requests", message, 1, -1, 0.5, 2 ** 53, null, "1");
    }
  });
});

describe("requestHandler()", () => {
  it("sends votes to the voter, and questions to the node itself", () => {
    const handlers = {
      voter: ["prepare", "accept", "read", "forget", "watch", "unwatch", "list"],
      membership: ["enquire", "incarnation", "transfer"],
      change: ["configure", "incarnationOf", "stand", "inventory", "raiseFloor"],
      node: ["ask", "handover"],
      link: ["order"],
      relay: ["relay"],
      relayed: ["relayed"],
    } as const;
    for (const [handler, types] of Object.entries(handlers)) {
      for (const type of types) assertStrictEquals(requestHandler(type), handler, type);
    }
    const sessions = ["renew", "fence", "look", "end", "sessionOf", "hosts"] as const;
    for (const type of sessions) assertStrictEquals(requestHandler(type), "voter", type);
  });
});

describe("requestSize()", () => {
  it("counts a register twice its length, since each character may take two bytes", () => {
    assertEquals(requestSize({ id: 1, type: "read", register: REGISTER }), 2 * REGISTER.length);
    assertEquals(requestSize({ id: 1, type: "sessionOf", node: "w1" }), 0);
    assertEquals(replySize({ id: 1, type: "watching" }), 0);
  });
});
