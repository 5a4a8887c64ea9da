import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { CalmCluster, ROUND_TRIP } from "./calm_cluster.ts";
import { DRIFT } from "./simulated_cluster.ts";

/** The time to detect that a dead owner's session can be fenced, to fence it, and to take over. */
const FEW_ROUND_TRIPS = 10 * ROUND_TRIP;

/** The lateness of timers and the shortest wait between two checks of a session, in milliseconds. */
const TIMERS = 20;

describe("a lock in the simulator, with clocks 5 % apart", () => {
  for (const sessionTtl of [200, 2_000]) {
    it(`is free at most ${sessionTtl} ms and a few round trips after its owner crashes`, async () => {
      let longest = 0;
      for (let run = 0; run < 12; run++) {
        const calm = new CalmCluster(`dies ${run}`, sessionTtl);
        const [owner, waiter] = await calm.start();
        await calm.measure(owner.node!.lock("k"));
        const next = waiter.node!.lock("k");
        // Each run crashes the owner at another moment between two renewals.
        await calm.pass(sessionTtl + run * sessionTtl / 36);
        calm.cluster.crash(owner);
        const { value, took } = await calm.measure(next);
        assert(value.held);
        longest = Math.max(longest, took);
        // The members measure the TTL, and their clocks may be the slow ones.
        assertLessOrEqual(took, sessionTtl / (1 - DRIFT) + FEW_ROUND_TRIPS + TIMERS);
      }
      // Otherwise the test did not measure an expiry: the last renewal is at most a third of the TTL ago.
      assertGreater(longest, 0.6 * sessionTtl);
    });
  }

  // Three kinds of owners: one that knows of the waiters, because it watches a lock that it holds for long;
  // a member that knows from its own vote that the waiters made its kept promise outdated; and a client that
  // does not know that, so that its release is refused.
  for (
    const [held, place, who] of [[200, 0, "a member"], [2, 0, "a member"], [
      5,
      3,
      "a client",
    ]] as const
  ) {
    for (const way of ["release", "exit", "close"] as const) {
      it(`is granted to the next waiter within two round trips: ${who}, held for ${held} ms, ${way}`, async () => {
        for (let run = 0; run < 6; run++) {
          const calm = new CalmCluster(`${way} ${run}`, 5_000);
          const stations = await calm.start();
          const first = stations[place];
          const process = first.node!.spawn();
          const { value: lock } = await calm.measure(process.lock("k"));
          await calm.pass(held);
          const next = stations[1].node!.lock("k");
          await calm.pass(10);
          const third = stations[2].node!.lock("k");
          // Until all of them wait: a request at the time of the release would be a rival.
          await calm.pass(60 + 7 * run);
          const ways = {
            release: () => lock.release(),
            exit: () => process.exit(),
            close: () => Promise.resolve(calm.cluster.close(first)),
          };
          void ways[way]();
          assertEquals(lock.held, false);
          const { value, took } = await calm.measure(next);
          assert(value.held && value.token > lock.token);
          assertLessOrEqual(took, 2 * ROUND_TRIP);
          void value.release();
          await calm.measure(third);
        }
      });
    }
  }
});
