import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { growths } from "./flat.ts";
import type { MemberSample, Sample } from "./soak.ts";

const BOUNDS = { rate: 10, sessionTtl: 1_000, heap: 1_024 };

const LITTLE = { registers: 5, sessions: 30, fenced: 40, callers: 50 };

function sample(at: number, heap: number, ...members: Partial<MemberSample>[]): Sample {
  return {
    at,
    clients: 10 * at,
    heap,
    members: members.map((member, index) => ({ id: `n${index}`, ...LITTLE, ...member })),
  };
}

describe("growths()", () => {
  it("finds none if the counts vary by no more than the clients of a few times to live", () => {
    const samples = [
      sample(10, 5_000, {}, {}),
      sample(20, 4_000, { callers: 100 }, {}),
      sample(30, 5_024, { registers: 65 }, { fenced: 0 }),
    ];
    assertEquals(growths(samples, BOUNDS), []);
  });

  it("names each member, and the time since when it grew", () => {
    const samples = [
      sample(10, 5_000, {}, {}),
      sample(20, 5_000, {}, { callers: 200 }),
      sample(30, 5_000, { registers: 66 }, { callers: 112 }),
    ];
    assertEquals(growths(samples, BOUNDS), [
      "n0: 61 more registers from 10 s to 30 s",
      "n1: 62 more callers from 10 s to 30 s",
      "n0: 61 more registers from 20 s to 30 s",
    ]);
  });

  it("finds growth of the heap alone", () => {
    const samples = [sample(10, 5_000, {}), sample(20, 8_000, {}), sample(30, 8_072, {})];
    assertEquals(growths(samples, BOUNDS), ["3 KiB more heap from 10 s to 30 s"]);
  });
});
