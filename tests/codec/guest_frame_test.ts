import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { MAX_GUEST_FRAME } from "../../lib/codec/limits.ts";
import {
  decodeDown,
  decodeUp,
  encodeDown,
  encodeUp,
  GUEST_VERSION,
  MAX_UP_MESSAGES,
} from "../../lib/codec/guest_frame.ts";
import type { DownFrame, DownMessage, UpFrame, UpMessage } from "../../lib/codec/guest_messages.ts";
import { decodeValue, encodeValue } from "../../lib/codec/value.ts";
import { LIFE } from "./support/frames.ts";
import {
  DOWN_FRAME,
  DOWN_MESSAGES,
  OPERATIONS,
  UP_FRAME,
  UP_MESSAGES,
} from "./support/guest_frames.ts";
import { Random } from "./support/random.ts";

const raw = (fields: unknown) => Uint8Array.of(GUEST_VERSION, ...encodeValue(fields, 1e6));
const fieldsOf = (frame: Uint8Array) => decodeValue(frame.slice(1)) as unknown[];

function isMalformed(frame: Uint8Array): void {
  const decoded = decodeUp(frame);
  assert(!decoded.ok && decoded.reason === "malformed", JSON.stringify(decoded));
  assert(!decoded.detail.startsWith("not a frame"), decoded.detail);
}

/** The paths to all fields of a nested list. */
function* pathsOf(field: unknown, path: number[] = []): Generator<number[]> {
  yield path;
  if (Array.isArray(field)) {
    for (let i = 0; i < field.length; i++) yield* pathsOf(field[i], [...path, i]);
  }
}

function replaced(field: unknown, [first, ...rest]: number[], value: unknown): unknown {
  if (first === undefined) return value;
  return (field as unknown[]).map((one, index) =>
    index === first ? replaced(one, rest, value) : one
  );
}

describe("the frames between guest and gateway", () => {
  it("come back as they were, with every kind of message", () => {
    assertEquals(decodeUp(encodeUp(UP_FRAME)), { ok: true, frame: UP_FRAME });
    assertEquals(decodeDown(encodeDown(DOWN_FRAME)), { ok: true, frame: DOWN_FRAME });
    const first: UpFrame = { ...UP_FRAME, gateway: null, genesis: null, messages: [] };
    assertEquals(decodeUp(encodeUp(first)), { ok: true, frame: first });
    const blank: DownFrame = { ...DOWN_FRAME, genesis: null, messages: [] };
    assertEquals(decodeDown(encodeDown(blank)), { ok: true, frame: blank });
  });

  it("share no memory with their bytes", () => {
    const frame = encodeUp({ ...UP_FRAME, messages: [UP_MESSAGES[2]] });
    const { gateway } = UP_FRAME;
    const decoded = decodeUp(frame);
    frame.fill(0);
    assert(decoded.ok && decoded.frame.gateway === gateway);
  });

  it("of another version are told apart", () => {
    const frame = encodeUp(UP_FRAME);
    frame[0] = 7;
    assertEquals(decodeUp(frame), { ok: false, reason: "version", version: 7 });
    assertEquals(decodeDown(frame), { ok: false, reason: "version", version: 7 });
  });

  it("are malformed when a field of any message has a wrong type", () => {
    // A list in place of a scalar, and a value of no kind of field.
    for (const message of UP_MESSAGES) {
      const frame = fieldsOf(encodeUp({ ...UP_FRAME, messages: [message] }));
      for (const path of pathsOf(frame)) {
        for (const wrong of [undefined, new Map(), ["", ""], -1]) {
          // The time of a binding may be any number.
          if (wrong === -1 && path.join() === "5,0,5,3,7,1") continue;
          const fields = replaced(frame, path, wrong);
          if (fields !== undefined) isMalformed(raw(fields));
        }
      }
    }
    for (const message of DOWN_MESSAGES) {
      const frame = fieldsOf(encodeDown({ ...DOWN_FRAME, messages: [message] }));
      for (const path of pathsOf(frame)) {
        for (const wrong of [undefined, new Map(), ["", ""]]) {
          const fields = replaced(frame, path, wrong);
          if (fields === undefined) continue;
          const decoded = decodeDown(raw(fields));
          assert(!decoded.ok && decoded.reason === "malformed", JSON.stringify([path, wrong]));
        }
      }
    }
  });

  it("are malformed with a field too many or too few", () => {
    for (const message of UP_MESSAGES) {
      const frame = fieldsOf(encodeUp({ ...UP_FRAME, messages: [message] }));
      const fields = (frame[5] as unknown[][])[0];
      isMalformed(raw(replaced(frame, [5, 0], [...fields, 1])));
      isMalformed(raw(replaced(frame, [5, 0], fields.slice(0, -1))));
    }
  });

  it("are bounded", () => {
    const { messages } = UP_FRAME;
    const many = (count: number) => Array.from({ length: count }, () => messages[3]);
    assert(decodeUp(encodeUp({ ...UP_FRAME, messages: many(MAX_UP_MESSAGES) })).ok);
    isMalformed(encodeUp({ ...UP_FRAME, messages: many(MAX_UP_MESSAGES + 1) }));
    const open = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
    assert(decodeUp(encodeUp({ ...UP_FRAME, open: open(2_000) })).ok);
    isMalformed(encodeUp({ ...UP_FRAME, open: open(2_001) }));
    isMalformed(new Uint8Array(0));
    const long = new Uint8Array(MAX_GUEST_FRAME + 1);
    long[0] = GUEST_VERSION;
    isMalformed(long);
  });

  it("name operations of nodes and of guests", () => {
    const handover = DOWN_MESSAGES.find(({ type }) => type === "handover")!;
    const decoded = (op: unknown) =>
      decodeDown(encodeDown({ ...DOWN_FRAME, messages: [{ ...handover, op } as DownMessage] })).ok;
    for (const op of [`${LIFE}/0`, `${LIFE}/${10 ** 14}`, `~g.1/${LIFE}/5`]) {
      assert(decoded(op), op);
    }
    const wrong = ["", "5", `${LIFE}/05`, `${LIFE}/${10 ** 15}`, `g/${LIFE}/5`, `~/${LIFE}/5`];
    for (
      const op of [...wrong, `~g/${LIFE}x/5`, `~a/~g/${LIFE}/5`, [`${LIFE}/5`], [`~g/${LIFE}/5`], 5]
    ) {
      assert(!decoded(op), JSON.stringify(op));
    }
  });

  it("name only what a guest may name", () => {
    const run = UP_MESSAGES[2] as UpMessage & { type: "run" };
    const refuses = (operation: unknown) =>
      isMalformed(encodeUp({ ...UP_FRAME, messages: [{ ...run, operation } as UpMessage] }));
    const { put, lock, place, list, call } = OPERATIONS;
    refuses({ ...put, register: lock.register });
    refuses({ ...put, register: place.register });
    refuses({ ...put, register: `c${put.register.slice(1)}` });
    refuses({ ...put, register: put.register + "x" });
    refuses({ ...lock, register: put.register });
    refuses({ ...place, register: put.register });
    refuses({ ...call, method: "" });
    refuses({ ...call, method: "m".repeat(1_001) });
    refuses({ ...list, prefix: "l\xf6" });
    refuses({ ...put, bindings: [{ type: "key", register: lock.register }] });
    refuses({ ...put, bindings: [{ type: "session", session: `~x/${LIFE}` }] });
    refuses({ ...put, bindings: [{ type: "node", node: "x/y" }] });
    refuses({ ...put, bindings: Array(17).fill(put.bindings[0]) });
    refuses({ ...lock, session: 10 ** 15 });
    const bad = (change: Partial<UpFrame>) => isMalformed(encodeUp({ ...UP_FRAME, ...change }));
    bad({ gateway: "short" });
    bad({ genesis: "with space" });
    bad({ messages: [{ ...run, since: 2 ** 52 }] });
    bad({ messages: [{ ...run, timeout: 600_001 }] });
    bad({ messages: [{ type: "hello", ttl: 99, session: 0 }] });
    bad({ messages: [{ type: "hello", ttl: 600_001, session: 0 }] });
  });

  it("never throw, with any bytes", () => {
    const random = new Random(1);
    const frames = [encodeUp(UP_FRAME), encodeDown(DOWN_FRAME)];
    for (let run = 0; run < 3_000; run++) {
      const frame = frames[run % 2].slice(0, run % 3 === 0 ? random.below(900) : undefined);
      for (let flips = random.below(4); flips >= 0; flips--) {
        if (frame.length > 1) frame[1 + random.below(frame.length - 1)] = random.below(256);
      }
      decodeUp(frame);
      decodeDown(frame);
    }
  });
});
