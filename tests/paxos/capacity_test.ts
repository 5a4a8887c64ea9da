// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { hasRoom } from "../../lib/paxos/capacity.ts";

/** The most registers that are held before one more is refused. */
function mostKeys(maxKeys: number, mayUseReserve: boolean): number {
  let keys = 0;
  while (keys < 1e5 && hasRoom({ maxKeys, maxBytes: Infinity }, keys, 0, 0, mayUseReserve)) keys++;
  return keys;
}

/** The most bytes that fit, found by halving. */
function mostBytes(maxBytes: number, mayUseReserve: boolean): number {
  let [low, high] = [0, 4 * maxBytes + 1_000_000];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (hasRoom({ maxKeys: 1, maxBytes }, 0, 0, middle, mayUseReserve)) low = middle;
    else high = middle - 1;
  }
  return low;
}

describe("hasRoom() (section 8)", () => {
  it("has room for maxKeys registers", () => {
    for (const maxKeys of [1, 2, 100, 5_000]) assertEquals(mostKeys(maxKeys, false), maxKeys);
  });

  it("has a reserve of a 64th of them, and of at least 16", () => {
    const reserves = [1, 100, 1_024, 1_087, 1_088, 6_400]
      .map((maxKeys) => mostKeys(maxKeys, true) - maxKeys);
    assertEquals(reserves, [16, 16, 16, 16, 17, 100]);
  });

  it("has room for maxBytes, the last one included", () => {
    for (const maxBytes of [0, 1, 1_000_000]) assertEquals(mostBytes(maxBytes, false), maxBytes);
  });

  it("has a reserve of a 64th of them, and of at least 64 KiB", () => {
    const reserves = [0, 1_000_000, 64 * 2 ** 16, 64 * 2 ** 16 + 64, 2 ** 30]
      .map((maxBytes) => mostBytes(maxBytes, true) - maxBytes);
    assertEquals(reserves, [65_536, 65_536, 65_536, 65_537, 2 ** 24]);
  });

  it("counts what is in use, and needs room for both", () => {
    const options = { maxKeys: 10, maxBytes: 100 };
    assertEquals(hasRoom(options, 9, 60, 40, false), true);
    assertEquals(hasRoom(options, 9, 61, 40, false), false);
    assertEquals(hasRoom(options, 10, 0, 0, false), false);
    assertEquals(hasRoom(options, 10, 61, 40, true), true);
  });
});
