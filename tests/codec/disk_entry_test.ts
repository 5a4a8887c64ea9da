// Runs in Deno alone: pure; files_test.ts has real disks in each runtime.
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MalformedError } from "../../lib/codec.ts";
import { crc32 } from "../../lib/codec/checksum.ts";
import {
  DISK_KEYS,
  DISK_VERSION,
  endedKey,
  fromDisk,
  registerKey,
  toDisk,
} from "../../lib/codec/disk_entry.ts";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import { BALLOT, LIFE, OTHER, REGISTER, SESSION } from "./support/frames.ts";

const RECORD = { id: "g", lives: [LIFE, OTHER], floor: 7, maxTtl: 9_000, clients: true };

const STATE = {
  present: true,
  token: 5,
  over: 3,
  op: `${LIFE}/1`,
  value: Uint8Array.of(1, 2, 3),
  bindings: [],
  owners: [SESSION],
} as const;

const REGISTERS = [
  { register: REGISTER, promised: BALLOT, accepted: null, copied: false },
  {
    register: REGISTER,
    promised: BALLOT,
    accepted: { ballot: BALLOT, state: STATE },
    copied: true,
  },
  {
    register: REGISTER,
    promised: BALLOT,
    accepted: { ballot: BALLOT, state: { ...STATE, token: BALLOT.counter }, fast: true },
    copied: false,
  },
  {
    register: REGISTER,
    promised: BALLOT,
    accepted: { ballot: BALLOT, state: { present: false, token: 0 } },
    copied: false,
  },
] as const;

describe("entries of a disk (section 7)", () => {
  it("come back as they were", () => {
    const configuration = firstConfiguration(["a", "b"], [LIFE, OTHER]);
    const known = [["a", LIFE], ["b", OTHER], ["", LIFE]] as const;
    const member = { record: RECORD, incarnation: LIFE, waited: true };
    assertEquals(fromDisk(DISK_KEYS.owner, toDisk.owner("a")), { kind: "owner", id: "a" });
    assertEquals(fromDisk(DISK_KEYS.member, toDisk.member(member)), { kind: "member", ...member });
    assertEquals(fromDisk(DISK_KEYS.configuration, toDisk.configuration(configuration)), {
      ...{ kind: "configuration", configuration },
    });
    assertEquals(fromDisk(DISK_KEYS.known, toDisk.known(known)), {
      ...{ kind: "known", known: known.map((one) => [...one]) as never },
    });
    for (const floor of [0, 1, 2 ** 52 - 1]) {
      assertEquals(fromDisk(DISK_KEYS.floor, toDisk.floor(floor)), { kind: "floor", floor });
    }
    assertEquals(fromDisk(DISK_KEYS.blank, toDisk.blank(LIFE, "")), {
      ...{ kind: "blank", life: LIFE, answered: "" },
    });
    for (const register of REGISTERS) {
      const entry = fromDisk(registerKey(REGISTER), toDisk.register(register));
      assertEquals(entry, { kind: "register", register });
    }
    for (const how of ["fenced", "ended", "over"] as const) {
      const entry = fromDisk(endedKey(SESSION), toDisk.ended(SESSION, how));
      assertEquals(entry, { kind: "ended", name: SESSION, how });
    }
    const sum = { count: 3, sum: 2 ** 32 - 1, squares: 0 };
    assertEquals(fromDisk(DISK_KEYS.sum, toDisk.sum(sum)), { kind: "sum", ...sum });
  });

  it("are refused after any flipped bit, under another key, and when they are cut", () => {
    const key = registerKey(REGISTER);
    const value = toDisk.register(REGISTERS[1]);
    for (let bit = 0; bit < 8 * value.length; bit++) {
      const flipped = value.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      assertThrows(() => fromDisk(key, flipped), MalformedError);
    }
    for (let length = 0; length < value.length; length++) {
      assertThrows(() => fromDisk(key, value.slice(0, length)), MalformedError);
    }
    assertThrows(() => fromDisk(registerKey("kx"), value), MalformedError);
    assertThrows(() => fromDisk(DISK_KEYS.member, value), MalformedError);
  });

  /** A value with a checksum that fits its bytes. */
  function sealed(key: string, version: number, ...content: number[]): Uint8Array {
    const value = Uint8Array.of(0, 0, 0, 0, version, ...content);
    const sum = crc32(value, 4, crc32(new TextEncoder().encode(key)));
    new DataView(value.buffer).setUint32(0, sum);
    return value;
  }

  it("are refused for bytes that no member wrote, although their checksum fits", () => {
    const sum = [0x83, 1, 2, 3];
    assertEquals(fromDisk(DISK_KEYS.sum, sealed(DISK_KEYS.sum, DISK_VERSION, ...sum)), {
      ...{ kind: "sum", count: 1, sum: 2, squares: 3 },
    });
    // Cut, longer than its content, text that is none, and a list that would fill the memory.
    const others = [[0x83, 1], [...sum, 9], [0x83, 0x61, 0xff, 2, 3], [0x9a, 0, 0xff, 0xff, 0xff]];
    for (const content of others) {
      const value = sealed(DISK_KEYS.sum, DISK_VERSION, ...content);
      assertThrows(() => fromDisk(DISK_KEYS.sum, value), MalformedError);
    }
  });

  it("say which version of the format they have, and nothing else of another one", () => {
    const value = sealed(DISK_KEYS.owner, 9, 0xff);
    assertEquals(fromDisk(DISK_KEYS.owner, value), { kind: "version", version: 9 });
  });
});
