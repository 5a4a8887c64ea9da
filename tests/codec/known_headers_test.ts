import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import type { Frame, Header } from "../../lib/paxos/messages.ts";

const life = (letter: string) => letter.repeat(20);
const [A, B, C, D] = ["a", "b", "c", "d"].map(life);
const VECTOR = [A, B, C];
/** Of more than 32 bits, as all clocks are that begin at the time of the day. */
const CLOCK = 2 ** 50;

const HEADER: Header = {
  life: A,
  clock: CLOCK,
  genesis: "g".repeat(22),
  epoch: 1,
  incarnation: A,
  vector: VECTOR,
};

/** Each differs from `HEADER` in one field; most of them with the same vector. */
const OTHERS: readonly Header[] = [
  { ...HEADER, life: B },
  { ...HEADER, clock: CLOCK + 7 },
  { ...HEADER, clock: 7 },
  { ...HEADER, genesis: "h".repeat(22) },
  { ...HEADER, genesis: null },
  { ...HEADER, epoch: 2 },
  { ...HEADER, unsettled: true },
  { ...HEADER, incarnation: B },
  { ...HEADER, incarnation: null },
  { ...HEADER, vector: [A, B, D] },
  { ...HEADER, vector: [A, B] },
  { ...HEADER, vector: [] },
];

function frame(header: Header): Frame {
  const { clock } = header;
  return {
    header,
    requests: [{ id: 1, type: "over", life: C }, { id: 2, type: "over", life: D }],
    repliesTo: D,
    replies: [{ id: 3, type: "nack", promised: { counter: clock - 1, life: B } }],
  };
}

function decoded(bytes: Uint8Array): Frame {
  const result = decodeFrame(bytes);
  assert(result.ok, JSON.stringify(result));
  return result.frame;
}

describe("a header that is known from an earlier frame", () => {
  it("is that of its own frame, with its own clock, whatever came before", () => {
    for (const other of OTHERS) {
      for (const header of [HEADER, other, HEADER, other, other]) {
        assertEquals(decoded(encodeFrame(frame(header))), frame(header));
      }
    }
  });

  it("makes the same bytes as an unknown one", () => {
    for (const header of [HEADER, ...OTHERS]) {
      const fresh = { ...header, vector: [...header.vector] };
      encodeFrame(frame(header));
      assertEquals(encodeFrame(frame(header)), encodeFrame(frame(fresh)));
    }
  });

  it("is no reason to take a frame whose header or content is malformed", () => {
    const bytes = encodeFrame(frame(HEADER));
    assertEquals(decoded(bytes), frame(HEADER));
    for (let length = 0; length < bytes.length; length++) {
      assert(!decodeFrame(bytes.subarray(0, length)).ok);
    }
    const places = [...bytes.keys()].filter((at) => bytes[at] === "a".charCodeAt(0));
    assertEquals(places.length, 20);
    for (const at of places) {
      const spoilt = bytes.slice();
      spoilt[at] = "!".charCodeAt(0);
      const result = decodeFrame(spoilt);
      assert(!result.ok && result.reason === "malformed");
      assertEquals(result.detail, "not a life");
    }
    assertEquals(decoded(bytes), frame(HEADER));
  });

  it("is kept apart from the memory that the frame came in, also if that is a Buffer", () => {
    const { Buffer } = globalThis as { Buffer?: { alloc(size: number): Uint8Array } };
    const later = { ...HEADER, epoch: 2, vector: [A, B, D] };
    for (const memory of [new Uint8Array(1_000), Buffer?.alloc(1_000) ?? new Uint8Array(1_000)]) {
      for (const header of [HEADER, later]) {
        const bytes = encodeFrame(frame(header));
        memory.set(bytes);
        assertEquals(decoded(memory.subarray(0, bytes.length)), frame(header));
      }
    }
  });

  it("gives each frame a header of its own", () => {
    const bytes = encodeFrame(frame(HEADER));
    const [one, other] = [decoded(bytes), decoded(bytes)];
    assert(one.header !== other.header);
    assertEquals(one, other);
  });
});
