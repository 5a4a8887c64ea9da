// Runs in Deno alone: pure; frame_test.ts proves frames in each runtime.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MAX_BINDINGS } from "../../lib/codec.ts";
import { FieldReader } from "../../lib/codec/field_reader.ts";
import { FieldWriter } from "../../lib/codec/field_writer.ts";
import {
  decodeAccepted,
  decodeState,
  encodeAccepted,
  encodePid,
  encodeState,
  stateBytes,
} from "../../lib/codec/state.ts";
import type { Request } from "../../lib/paxos/messages.ts";
import type { Present, State } from "../../lib/paxos/register.ts";
import { BALLOT, CLOCK, LIFE, OTHER, REGISTER, SESSION } from "./support/frames.ts";
import { Random } from "./support/random.ts";
import { RandomFrames } from "./support/random_frames.ts";
import { spoils, spoilsField } from "./support/spoil.ts";

const STATE: Present = {
  present: true,
  token: CLOCK,
  over: 0,
  op: `${LIFE}/1`,
  value: Uint8Array.of(1),
  bindings: [{ kind: "node", session: SESSION }],
  owners: [SESSION],
};

/** Fails unless the state has exactly these fields, and they are decoded to it. */
function stateIs(state: State, fields: unknown[]): void {
  assertEquals(encodeState(state, new FieldWriter(CLOCK)), fields);
  assertEquals(decodeState(structuredClone(fields), new FieldReader(CLOCK)), state);
}

describe("encodeState() and decodeState()", () => {
  it("have these fields for a tombstone, and for a value", () => {
    stateIs({ present: false, token: 0 }, [null]);
    stateIs({ present: false, token: CLOCK + 3 }, [-3]);
    stateIs({ ...STATE, bindings: [], owners: [] }, [0, null, LIFE, 1, STATE.value, [], []]);
  });

  it("have these fields for each kind of binding", () => {
    const withBindings = (...bindings: Present["bindings"]): State => ({ ...STATE, bindings });
    const pid = { node: "w2", session: `w2/${OTHER}/4`, seq: 9 };
    stateIs(
      withBindings(
        { kind: "pid", pid },
        { kind: "node", session: SESSION },
        { kind: "key", register: REGISTER, token: CLOCK - 1 },
        { kind: "until", time: 1.7e12 },
      ),
      [
        ...[0, null, LIFE, 1, STATE.value],
        [[0, ["w2", OTHER, 4], 9], [1, ["w1", 2, 3]], [2, REGISTER, 1], [3, 1.7e12]],
        [1],
      ],
    );
    stateIs(withBindings({ kind: "until", time: Infinity }), [
      ...[0, null, LIFE, 1, STATE.value],
      [[3, Infinity]],
      [["w1", 2, 3]],
    ]);
  });

  it("keep random states", () => {
    const frames = new RandomFrames(new Random(18));
    for (let i = 0; i < 2_000; i++) {
      const state = frames.state();
      const fields = encodeState(state, new FieldWriter(CLOCK));
      assertEquals(decodeState(fields, new FieldReader(CLOCK)), state);
    }
  });

  it("refuse invalid states and bindings", () => {
    const accept: Request = {
      id: 1,
      type: "accept",
      register: REGISTER,
      ballot: BALLOT,
      state: STATE,
      next: true,
      fallback: CLOCK,
    };
    const at = (place: number, ...wrong: unknown[]) => {
      for (const value of wrong) {
        spoils("requests", accept, (fields) => (fields[5] as unknown[])[place] = value);
      }
    };
    at(0, CLOCK + 1, CLOCK - 2 ** 52, 0.5, "1"); // token
    at(1, CLOCK + 1, CLOCK - 2 ** 52, 0.5, "1"); // over
    at(2, "", 0, 1, "short", null, 99); // life of the operation
    at(3, -1, 0.5, 10 ** 15, "1", null); // its number
    at(4, null, "text", [1], 5); // value
    const binding = [1, 0];
    at(5, null, {}, [null], [[]], [[4, 0]], [[1]], [[1, 9]], [[0, 0]], [[0, 0, -1]], [[3, null]]);
    at(5, [[3, "1"]], [[3, 1, 2]], [[2, "x", 1]], [[2, REGISTER]], [[2, REGISTER, CLOCK + 1]]);
    at(5, [[3, NaN]], new Array(MAX_BINDINGS + 1).fill(binding));
    at(6, null, "x", [null], ["x"], [9]); // owners
    for (const wrong of [null, [], [1, 2], [0.5], [CLOCK + 1], "x"]) {
      spoilsField("requests", accept, 5, wrong);
    }
  });
});

describe("encodeAccepted() and decodeAccepted()", () => {
  it("are null for nothing, else a ballot and a state", () => {
    assertEquals(encodeAccepted(null, new FieldWriter(CLOCK)), null);
    assertEquals(decodeAccepted(null, new FieldReader(CLOCK)), null);
    const accepted = { ballot: BALLOT, state: { present: false, token: CLOCK } } as const;
    assertEquals(encodeAccepted(accepted, new FieldWriter(CLOCK)), [1, LIFE, [0]]);
    assertEquals(decodeAccepted([1, LIFE, [0]], new FieldReader(CLOCK)), accepted);
  });
});

describe("encodePid()", () => {
  it("refuses a pid in the session of another node", () => {
    const pid = { node: "w", session: SESSION, seq: 1 };
    assertThrows(
      () => encodePid(pid, new FieldWriter(CLOCK)),
      TypeError,
      "a pid of w in a session",
    );
  });
});

describe("stateBytes()", () => {
  it("is the size of the value, and 0 for a tombstone", () => {
    assertEquals(stateBytes({ ...STATE, value: new Uint8Array(17) }), 17);
    assertEquals(stateBytes({ present: false, token: CLOCK }), 0);
  });
});
