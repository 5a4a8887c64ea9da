import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { MalformedError } from "../../lib/codec.ts";
import { readRows, writeRows } from "../../lib/locks/lock_rows.ts";
import type { LockEntry } from "../../lib/paxos/lock_register.ts";
import { Random } from "../../testing/random.ts";

const SESSIONS = ["a/-----------------life/1", "b/-----------------life/7"];

/** Numbers of every length in bytes, with the limits of each length. */
const NUMBERS = [0, 1, 127, 128, 16_383, 16_384, 2 ** 32, 2 ** 49 - 1, Number.MAX_SAFE_INTEGER];

function entry(random: Random, token = 0): LockEntry {
  const session = random.pick(SESSIONS);
  const permits = random.pick([undefined, 1, 1_024]);
  return {
    pid: { node: session[0], session, seq: random.pick(NUMBERS) },
    request: random.pick(NUMBERS),
    mode: permits !== undefined || random.fraction() < 0.5 ? "shared" : "exclusive",
    token,
    ...(permits !== undefined && { permits }),
    ...random.pick([{}, { since: 7 }, { label: "import" }, {
      ...{ since: 1_700_000_000_000, label: "ä".repeat(32) },
    }]),
  };
}

function entries(random: Random, count: number, isHolder = false): LockEntry[] {
  return Array.from({ length: count }, () => entry(random, isHolder ? random.pick(NUMBERS) : 0));
}

describe("rows of a lock", () => {
  it("survive a round trip, with tokens and without", () => {
    const random = new Random("rows");
    for (let round = 0; round < 300; round++) {
      for (const isHolder of [true, false]) {
        const some = entries(random, round % 20, isHolder);
        const { bytes } = writeRows(SESSIONS, some, isHolder);
        assertEquals(readRows(SESSIONS, bytes, isHolder).entries, some);
      }
    }
  });

  it("are the same whether they are read completely or from earlier rows", () => {
    const random = new Random("rows of before");
    let some = entries(random, 30);
    let before = readRows(SESSIONS, writeRows(SESSIONS, some, false).bytes, false);
    for (let round = 0; round < 2_000; round++) {
      const gone = random.pick([0, 0, 1, 1, 2, 20]);
      some = [...some.slice(gone), ...entries(random, random.pick([0, 1, 1, 2, 15]))];
      // A request that is withdrawn may be anywhere in the queue.
      if (random.fraction() < 0.3) some.splice(Math.floor(random.fraction() * some.length), 1);
      const sessions = random.fraction() < 0.05 ? [...SESSIONS].reverse() : SESSIONS;
      const { bytes } = writeRows(sessions, some, false);
      const fromBefore = readRows(sessions, bytes, false, before);
      const again = readRows(sessions, bytes, false);
      assertEquals(fromBefore.entries, some);
      assertEquals(fromBefore.starts, again.starts);
      before = fromBefore;
    }
  });

  it("reuse unchanged entries", () => {
    const random = new Random("rows again");
    const some = entries(random, 100);
    const before = writeRows(SESSIONS, some, false);
    const { bytes } = writeRows(SESSIONS, [...some.slice(1), entry(random)], false);
    const after = readRows(SESSIONS, bytes, false, before);
    assertEquals(after.entries.length, 100);
    for (let index = 1; index < 100; index++) {
      assertStrictEquals(after.entries[index - 1], some[index]);
    }
  });

  it("are refused unless every byte is valid", () => {
    const random = new Random("hostile rows");
    const refused = (bytes: number[]) =>
      assertThrows(() => readRows(SESSIONS, Uint8Array.from(bytes), false), MalformedError);
    // A cut-off row, an invalid session, and a number that is too large.
    refused([0]);
    refused([0, 1, 0x80]);
    refused([16, 1, 1, 0]);
    assertEquals(readRows(SESSIONS, Uint8Array.of(8, 1, 1, 0), false).entries.length, 1);
    // Permits that are no number of them, or of an exclusive request.
    refused([5, 1, 1, 0, 0]);
    refused([5, 1, 1, 0, 0x81, 8]);
    refused([4, 1, 1, 0, 1]);
    // A label that is cut off, too long, or no text.
    refused([2, 1, 1, 0, 3, 65, 65]);
    refused([2, 1, 1, 0, 65, ...new Array(65).fill(65)]);
    refused([2, 1, 1, 0, 1, 0xff]);
    refused([0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]);
    refused([0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 1]);
    let read = 0;
    for (let round = 0; round < 2_000; round++) {
      const { bytes, ...before } = writeRows(SESSIONS, entries(random, 5), false);
      const broken = bytes.slice(0, bytes.length - Math.floor(random.fraction() * 3));
      broken[Math.floor(random.fraction() * broken.length)] = Math.floor(random.fraction() * 256);
      try {
        const { entries } = readRows(SESSIONS, broken, false, { bytes, ...before });
        assertEquals(entries, readRows(SESSIONS, broken, false).entries);
        assert(entries.every(({ pid, request }) => Number.isSafeInteger(pid.seq + 0 * request)));
        read++;
      } catch (error) {
        assert(error instanceof MalformedError, `${error}`);
      }
    }
    assert(read > 0 && read < 2_000);
  });
});
