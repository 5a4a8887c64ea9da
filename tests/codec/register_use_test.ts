// Runs in Deno alone: pure.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeConfiguration, isFitFor, isPutOf, registerId } from "../../lib/codec.ts";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import {
  type Binding,
  CONFIGURATION as THE_CONFIGURATION,
  type Present,
  type State,
} from "../../lib/paxos/register.ts";

const LIFE = "0ABCDEFGHIJKLMNOPQRS";
const [KEY, LOCK, SINGLETON, CONFIGURATION, CELL] = (["k", "l", "s", "c", "v"] as const)
  .map((kind) => registerId(kind, undefined, "name"));
const MAX = 100;

/** Internal values may be larger than those of users: the longest queue takes 8 MiB. */
const MAX_INTERNAL = 8 * 2 ** 20 + 1024;

const [A, B, C] = ["a", "b", "c"].map((node) => `${node}/${LIFE}/1`);

const PID: Binding = { kind: "pid", pid: { node: "a", session: A, seq: 1 } };

function present(part: Partial<Present> = {}): Present {
  const value = new Uint8Array(1);
  return {
    present: true,
    token: 2,
    over: 1,
    op: `${LIFE}/1`,
    value,
    bindings: [],
    owners: [],
    ...part,
  };
}

const fits = (register: string, state: State) => isFitFor(register, state, MAX);

describe("isPutOf()", () => {
  it("is true for a key and a value up to the limit", () => {
    assert(isPutOf(KEY, new Uint8Array(MAX), MAX));
    assert(isPutOf(registerId("k", "bucket", [1, "x"]), new Uint8Array(0), MAX));
    assert(!isPutOf(KEY, new Uint8Array(MAX + 1), MAX));
  });

  it("is false for other kinds of registers, and for ids that name no key", () => {
    const wrong = [
      LOCK,
      SINGLETON,
      CONFIGURATION,
      "k",
      "k\xf6",
      "k\xf6\xff",
      KEY + "\0",
      "x" + KEY,
    ];
    for (const register of wrong) assert(!isPutOf(register, new Uint8Array(0), MAX), register);
  });
});

describe("isFitFor() (section 3)", () => {
  it("fits a tombstone for the kinds that clients write", () => {
    const results = [KEY, LOCK, SINGLETON, CELL, CONFIGURATION, "x\xf6\0"]
      .map((register) => fits(register, { present: false, token: 3 }));
    assertEquals(results, [true, true, true, true, false, false]);
  });

  it("fits a configuration for its register, and nothing else (section 11)", () => {
    const configuration = firstConfiguration(["a", "b"], [LIFE, LIFE]);
    const value = encodeConfiguration(configuration);
    assertEquals(fits(THE_CONFIGURATION, present({ value })), true);
    assertEquals(fits(CONFIGURATION, present({ value })), false);
    assertEquals(fits(THE_CONFIGURATION, present()), false);
    assertEquals(fits(THE_CONFIGURATION, { present: false, token: 3 }), false);
    assertEquals(fits(THE_CONFIGURATION, present({ value, owners: [A] })), false);
    assertEquals(fits(THE_CONFIGURATION, present({ value, bindings: [PID] })), false);
  });

  it("fits the value of a key whose owners are those of its bindings, in any order (section 6)", () => {
    const node: Binding = { kind: "node", session: B };
    const until: Binding = { kind: "until", time: 5 };
    const key: Binding = { kind: "key", register: KEY, token: 1 };
    const cases: [readonly Binding[], readonly string[], boolean][] = [
      [[], [], true],
      [[until, key], [], true],
      [[PID], [A], true],
      [[PID, node], [B, A], true],
      [[PID, PID], [A], true],
      [[], [A], false],
      [[PID], [], false],
      [[PID], [B], false],
      [[PID], [A, B], false],
      [[PID, node], [A, C], false],
      [[PID, node], [A, A], false],
      [[until], [A], false],
    ];
    for (const [bindings, owners, expected] of cases) {
      const state = present({ bindings, owners });
      assertEquals(fits(KEY, state), expected, JSON.stringify([bindings, owners]));
    }
  });

  it("fits a cell without bindings and owners, up to the limit and 16 KiB (section 10)", () => {
    const largest = MAX + 16 * 1024;
    assert(fits(CELL, present({ value: new Uint8Array(largest) })));
    assert(!fits(CELL, present({ value: new Uint8Array(largest + 1) })));
    assert(!fits(CELL, present({ owners: [A] })));
    assert(!fits(CELL, present({ bindings: [PID] })));
    assert(!fits("v\xf6\xff", present()));
  });

  it("fits a value of a key up to the limit, under an id that names a key", () => {
    assert(fits(KEY, present({ value: new Uint8Array(MAX) })));
    assert(!fits(KEY, present({ value: new Uint8Array(MAX + 1) })));
    assert(!fits("k\xf6\xff", present()));
  });

  it("fits a lock and a singleton without bindings, with any owners (sections 9 and 10)", () => {
    for (const register of [LOCK, SINGLETON]) {
      assert(fits(register, present({ owners: [A, B] })));
      assert(fits(register, present({ value: new Uint8Array(MAX_INTERNAL) })));
      assert(!fits(register, present({ value: new Uint8Array(MAX_INTERNAL + 1) })));
      assert(!fits(register, present({ bindings: [PID], owners: [A] })));
      assert(!fits(register.slice(0, 2), present()));
    }
  });

  it("fits nothing for the configuration, or for an unknown kind", () => {
    for (const register of [CONFIGURATION, "x" + KEY.slice(1), ""]) {
      assert(!fits(register, present()));
    }
  });
});
