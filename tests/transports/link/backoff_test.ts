import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { Backoff, backoffOf } from "../../../transports/link/backoff.ts";

const times = { first: 100, longest: 5_000, refused: 30_000, stable: Infinity };

/** Asserts that each wait is between half of the expected value and the whole. */
function assertWaits(waits: readonly number[], expected: readonly number[]): void {
  waits.forEach((wait, i) => {
    assert(wait >= expected[i] / 2 && wait <= expected[i], `${i}: ${wait}, not ~${expected[i]}`);
  });
}

describe("Backoff", () => {
  it("failed() doubles the wait up to the longest", () => {
    const backoff = new Backoff(times);
    const waits = Array.from({ length: 10 }, () => backoff.failed());
    assertWaits(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000]);
  });

  it("failed() is random, so that nodes that fail together do not reconnect together", () => {
    const waits = Array.from({ length: 20 }, () => new Backoff(times).failed());
    assertEquals(new Set(waits).size > 10, true);
  });

  it("a stable connection resets the wait to the first", () => {
    const backoff = new Backoff({ ...times, stable: 0 });
    for (let i = 0; i < 5; i++) backoff.failed();
    backoff.connected();
    assertWaits([backoff.failed(), backoff.failed()], [100, 200]);
  });

  it("a connection that ends at once does not reset the wait", () => {
    const backoff = new Backoff(times);
    for (let i = 0; i < 5; i++) backoff.failed();
    backoff.connected();
    assertWaits([backoff.failed()], [3200]);
  });

  it("refused() always returns the long wait", () => {
    const backoff = new Backoff(times);
    for (let i = 0; i < 10; i++) {
      const wait = backoff.refused();
      assert(wait >= 22_500 && wait <= 37_500, `${wait}`);
    }
  });

  /** The longest wait of the node `self` in a cluster of the member `member`. */
  function longestWait(self: string, sessionTtl: number, isAlone: boolean): number {
    const backoff = new Backoff(backoffOf({ sessionTtl, members: ["member"] }, self));
    return Math.max(...Array.from({ length: 200 }, () => backoff.failed(isAlone)));
  }

  it("failed() waits at most 700 ms in a member, so that a link that heals is used within a second", () => {
    for (const isAlone of [true, false]) {
      for (const [ttl, most] of [[100, 200], [2_000, 500], [5_000, 700], [600_000, 700]]) {
        const wait = longestWait("member", ttl, isAlone);
        assert(wait <= most && wait >= most / 2, `${ttl}: ${wait}`);
      }
    }
  });

  it("failed() waits at most half a session TTL in a client, and a second without any connection", () => {
    for (
      const [ttl, most, alone] of [[500, 500, 500], [5_000, 2_500, 1_000], [60_000, 5_000, 1_000]]
    ) {
      const waits = [longestWait("client", ttl, false), longestWait("client", ttl, true)];
      assert(waits[0] <= most && waits[0] >= most / 2, `${ttl}: ${waits}`);
      assert(waits[1] <= alone && waits[1] >= alone / 2, `${ttl}: ${waits}`);
    }
  });

  it("a node without settings counts as a member", () => {
    assertEquals(backoffOf(undefined, "any").longest, 700);
  });

  it("reset() makes the next wait the first", () => {
    const backoff = new Backoff(times);
    for (let i = 0; i < 5; i++) backoff.failed();
    backoff.reset();
    assertWaits([backoff.failed()], [100]);
  });
});
