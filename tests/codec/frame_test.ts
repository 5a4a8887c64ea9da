import { describe, it } from "@std/testing/bdd";
import {
  assert,
  assertEquals,
  assertLess,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { Frame, Reply, Request } from "../../lib/paxos/messages.ts";
import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import { concat } from "./bytes.ts";
import {
  BALLOT,
  CLOCK,
  comesBack,
  EMPTY,
  HEADER,
  LIFE,
  OTHER,
  REGISTER,
  SESSION,
} from "./frames.ts";
import { Random } from "./random.ts";
import { RandomFrames } from "./random_frames.ts";

describe("encodeFrame() and decodeFrame()", () => {
  it("keep an empty frame, and one that knows nothing", () => {
    comesBack(EMPTY);
    comesBack({
      header: { life: LIFE, clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] },
      requests: [],
      repliesTo: OTHER,
      replies: [],
    });
  });

  it("keep every kind of request and reply", () => {
    const frames = new RandomFrames(new Random(10));
    for (let i = 0; i < 200; i++) {
      for (const type of Object.keys(frames.requests) as Request["type"][]) {
        comesBack({ ...EMPTY, requests: [frames.request(type)] });
      }
      for (const type of Object.keys(frames.replies) as Reply["type"][]) {
        comesBack({ ...EMPTY, header: frames.header(), replies: [frames.reply(type)] });
      }
    }
  });

  it("keep random frames", () => {
    const frames = new RandomFrames(new Random(11));
    for (let i = 0; i < 5000; i++) comesBack(frames.frame());
  });

  it("keep counters on both sides of the sender's clock, and at the edges", () => {
    for (const clock of [0, 1, CLOCK, 2 ** 52 - 1]) {
      for (const counter of [1, 2, CLOCK - 1, CLOCK, CLOCK + 1, 2 ** 52 - 1]) {
        const promised = { counter, life: LIFE };
        comesBack({
          ...EMPTY,
          header: { ...HEADER, clock },
          replies: [{ id: 1, type: "nack", promised }],
        });
      }
    }
  });

  it("make many messages small: what repeats is written once", () => {
    const prepares = (count: number): Frame => ({
      ...EMPTY,
      requests: Array.from({ length: count }, (_, id) => {
        return { id, type: "prepare", register: REGISTER, ballot: BALLOT };
      }),
    });
    const each = (encodeFrame(prepares(64)).length - encodeFrame(prepares(4)).length) / 60;
    assertLess(each, 18);
    assertLess(encodeFrame(prepares(1)).length, 110);
  });

  it("return what shares nothing with the bytes, and nothing larger than needed", () => {
    const state = {
      present: true as const,
      token: 5,
      over: 0,
      op: `${LIFE}/1`,
      value: new Random(12).bytes(500),
      bindings: [],
      owners: [],
    };
    const frame: Frame = {
      ...EMPTY,
      requests: [{ id: 1, type: "accept", register: REGISTER, ballot: BALLOT, state, next: false }],
    };
    const bytes = encodeFrame(frame);
    // A view of something larger, as transports may hand it over.
    const received = concat(new Uint8Array(9), bytes, new Uint8Array(9)).subarray(9, -9);
    const decoded = decodeFrame(received);
    received.fill(0);
    assert(decoded.ok);
    assertEquals(decoded.frame, frame);
    const [request] = decoded.frame.requests;
    assert(request.type === "accept" && request.state.present);
    assertStrictEquals(request.state.value.buffer.byteLength, 500);
    assertNotStrictEquals(request.state.value.buffer, received.buffer);
    assertEquals(Object.keys(received).length, received.length);
  });

  it("make plain bytes of a frame that came in a Buffer", () => {
    const { Buffer } = globalThis as { Buffer?: { from(bytes: Uint8Array): Uint8Array } };
    const frame: Frame = {
      ...EMPTY,
      replies: [{ id: 1, type: "handed", outcome: "found", value: Uint8Array.of(1), token: 1 }],
    };
    const bytes = encodeFrame(frame);
    assertStrictEquals(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    assertStrictEquals(bytes.buffer.byteLength, bytes.length);
    const decoded = decodeFrame(Buffer?.from(bytes) ?? bytes);
    assert(decoded.ok);
    const [reply] = decoded.frame.replies;
    assert(reply.type === "handed" && "value" in reply);
    assertStrictEquals(Object.getPrototypeOf(reply.value), Uint8Array.prototype);
  });
});

describe("encodeFrame()", () => {
  it("throws TypeError for names that are none", () => {
    const wrong = ["w1", "w1/" + LIFE, `w1/${LIFE}/`, `w1/${LIFE}/01`, `w1/${LIFE}/x`, ""];
    for (const session of wrong) {
      const requests: Request[] = [{ id: 1, type: "fence", session }];
      assertThrows(() => encodeFrame({ ...EMPTY, requests }), TypeError, "session");
    }
    const pid = { node: "w2", session: SESSION, seq: 1 };
    const bindings = [{ kind: "pid" as const, pid }];
    const value = new Uint8Array(0);
    const state = {
      present: true as const,
      token: 1,
      over: 0,
      op: `${LIFE}/1`,
      value,
      bindings,
      owners: [],
    };
    const requests: Request[] = [
      { id: 1, type: "accept", register: REGISTER, ballot: BALLOT, state, next: false },
    ];
    assertThrows(() => encodeFrame({ ...EMPTY, requests }), TypeError, "another node");
  });
});
