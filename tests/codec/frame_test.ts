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
import { decodeFrame, encodeFrame, SESSION_PATTERN } from "../../lib/codec.ts";
import { concat } from "./support/bytes.ts";
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
} from "./support/frames.ts";
import { Random } from "./support/random.ts";
import { RandomFrames } from "./support/random_frames.ts";
import { acceptRequest } from "../support/accept_request.ts";

describe("encodeFrame() and decodeFrame()", () => {
  it("keep an empty frame, and one without a genesis", () => {
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

  it("keep every session that matches the pattern", () => {
    for (const sequence of ["0", "1", "999999999999999"]) {
      const session = `${"n".repeat(64)}/${OTHER}/${sequence}`;
      assert(SESSION_PATTERN.test(session));
      comesBack({ ...EMPTY, requests: [{ id: 1, type: "fence", session }] });
    }
    for (const sequence of ["", "00", "01", "-1", "1000000000000000"]) {
      assert(!SESSION_PATTERN.test(`w1/${OTHER}/${sequence}`));
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

  it("keep many messages small: repeated parts are written once", () => {
    const each = (request: (id: number) => Request) => {
      const requests = Array.from({ length: 64 }, (_, id) => request(id));
      const size = (some: Request[]) => encodeFrame({ ...EMPTY, requests: some }).length;
      return (size(requests) - size(requests.slice(0, 4))) / 60;
    };
    const one = encodeFrame({
      ...EMPTY,
      requests: [{ id: 1, type: "prepare", register: REGISTER, ballot: BALLOT }],
    });
    assertLess(one.length, 110);
    assertLess(each((id) => ({ id, type: "prepare", register: REGISTER, ballot: BALLOT })), 15);
    assertLess(each((id) => ({ id, type: "fence", session: SESSION })), 7);
    const others = (id: number) => `w1/${OTHER}/${id}`;
    assertLess(each((id) => ({ id, type: "fence", session: others(id) })), 13);
  });

  it("return data that does not share memory with the bytes, and is no larger than needed", () => {
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
      requests: [acceptRequest(REGISTER, BALLOT, state)],
    };
    const bytes = encodeFrame(frame);
    // A view of a larger buffer, which transports may pass.
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

  it("return plain bytes for a frame in a Buffer", () => {
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

describe("the mark of a sender's configuration", () => {
  it("is its epoch, and whether it is not known to be settled", () => {
    for (const mark of [{ epoch: 0 }, { epoch: 7 }, { epoch: 7, unsettled: true } as const]) {
      const decoded = decodeFrame(encodeFrame({ ...EMPTY, header: { ...HEADER, ...mark } }));
      assert(decoded.ok);
      const { epoch, unsettled } = decoded.frame.header;
      assertEquals({ epoch, unsettled }, { unsettled: undefined, ...mark });
    }
  });
});

describe("decodeFrame()", () => {
  it("converts -0 to 0", () => {
    // No node writes -0; a double in its place is changed into one.
    const bytes = encodeFrame({
      ...EMPTY,
      header: { ...HEADER, epoch: 2 ** 33 },
      replies: [{ id: 1, type: "alive", session: SESSION, remaining: 0.5 }],
    });
    const doubles = [...bytes.keys()].filter((at) => {
      return bytes[at] === 0xfb && [0x42, 0x3f].includes(bytes[at + 1]) && bytes[at + 8] === 0;
    });
    assertEquals(doubles.length, 2);
    for (const at of doubles) bytes.set([0x80, 0, 0, 0, 0, 0, 0, 0], at + 1);
    const decoded = decodeFrame(bytes);
    assert(decoded.ok);
    assertStrictEquals(decoded.frame.header.epoch, 0);
    const [reply] = decoded.frame.replies;
    assert(reply.type === "alive");
    assertStrictEquals(reply.remaining, 0);
  });

  it("shares one empty list", () => {
    const decoded = decodeFrame(encodeFrame(EMPTY));
    assert(decoded.ok);
    assertEquals(decoded.frame.requests, []);
    assertStrictEquals<unknown>(decoded.frame.requests, decoded.frame.replies);
  });
});

describe("the names of guests in a frame", () => {
  const GUEST = `~x/${OTHER}`;
  const present = (op: string, session: string): Request => {
    const pid = { node: session.slice(0, session.indexOf("/")), session, seq: 1 };
    const state = { token: 2, over: 0, op, value: new Uint8Array(1), owners: [session] };
    const bindings = [{ kind: "pid", pid }] as const;
    return acceptRequest(REGISTER, BALLOT, { ...state, present: true, bindings });
  };

  it("come back in sessions, operations and relayed messages", () => {
    const requests: Request[] = [
      present(`${GUEST}/7`, `${GUEST}/1`),
      present(`${OTHER}/7`, `w1/${OTHER}/1`),
      present(`${GUEST}/8`, `${GUEST}/1`),
      { id: 1, type: "sessionOf", node: "~x" },
    ];
    comesBack({ ...EMPTY, requests });
  });

  it("are not accepted as the names of nodes, nor the other way round", () => {
    for (const session of [`~/${LIFE}/1`, `~~x/${LIFE}/1`, `w/~x/${LIFE}/1`]) {
      const requests: Request[] = [{ id: 1, type: "fence", session }];
      try {
        assert(!decodeFrame(encodeFrame({ ...EMPTY, requests })).ok, session);
      } catch (error) {
        assert(error instanceof TypeError, session);
      }
    }
    for (const op of [`x/${LIFE}/1`, `~/${LIFE}/1`, `~x/${LIFE}`, `~x/~y/${LIFE}/1`]) {
      assertThrows(() => encodeFrame({ ...EMPTY, requests: [present(op, SESSION)] }), TypeError);
    }
  });
});

describe("encodeFrame()", () => {
  it("throws TypeError for invalid names", () => {
    const sequences = [
      "",
      "01",
      "x",
      "-1",
      "1.5",
      "NaN",
      "1000000000000000",
      "1e3",
      "0.5",
      "1 ",
      "1/2",
    ];
    const wrong = [
      "",
      "w1",
      "w1/" + LIFE,
      "w1/5",
      "w1//5",
      ...sequences.map((end) => `w1/${LIFE}/${end}`),
    ];
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
      acceptRequest(REGISTER, BALLOT, state),
    ];
    assertThrows(() => encodeFrame({ ...EMPTY, requests }), TypeError, "another node");
  });
});
