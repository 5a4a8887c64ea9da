// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { growths } from "./flat.ts";
import { Soak } from "./soak.ts";

/**
 * A short form of `deno task soak`, which runs fifty clients a second for an hour. The host of the singleton
 * remembers its last thousand callers, so the warm-up has more clients than that.
 */
const SHORT = { rate: 12, sessionTtl: 1_000, warmUp: 90, duration: 60, singletons: 1 };

/**
 * Growth of the heap of all three members at most, in bytes per client: they cache the last 10,000 facts that
 * they can find out again (routes to peers, ended sessions). A leak takes more; `deno task soak`, in which the
 * caches are full, distinguishes the two reliably.
 */
const REMEMBERED = 3_000;

describe("clients that join, put, lock, call and vanish", () => {
  it("leave the members no larger after 2.5 minutes than after 1.5", async () => {
    const { samples, failures } = await Soak.run(SHORT);
    assertEquals([...failures], []);
    assertEquals(samples.map(({ clients }) => clients), [1_080, 1_440, 1_800]);
    const heap = REMEMBERED * SHORT.rate * SHORT.duration;
    assertEquals(growths(samples, { ...SHORT, heap }), []);
  });
});
