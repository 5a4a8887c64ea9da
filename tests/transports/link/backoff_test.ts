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

  it("failed() waits at most half a session TTL, so that a link that heals is used in time", () => {
    const longest = (sessionTtl: number) => {
      const backoff = new Backoff(backoffOf({ sessionTtl }));
      return Math.max(...Array.from({ length: 12 }, () => backoff.failed()));
    };
    for (const [ttl, most] of [[500, 500], [2_000, 1_000], [5_000, 2_500], [60_000, 5_000]]) {
      const wait = longest(ttl);
      assert(wait <= most && wait >= most / 2, `${ttl}: ${wait}`);
    }
  });
});
