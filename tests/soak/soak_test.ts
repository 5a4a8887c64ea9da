import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { growths } from "./flat.ts";
import { Soak } from "./soak.ts";

/**
 * `deno task soak` has fifty a second, for an hour. The host of the singleton remembers its last thousand
 * callers in any case, which are there before the first sample.
 */
const SHORT = { rate: 12, sessionTtl: 1_000, warmUp: 90, duration: 60, singletons: 1 };

/**
 * In bytes, for each client, of the heap of all three members: they remember the last 10,000 of what they can
 * find out again (how to reach a peer, that a session has ended). What is not forgotten takes more, and the
 * hour of `deno task soak` tells one from the other.
 */
const REMEMBERED = 3_000;

describe("clients that come, put, lock, call and leave without a word", () => {
  it("leave the members of a cluster no bigger after two and a half minutes than after one and a half", async () => {
    const { samples, failures } = await Soak.run(SHORT);
    assertEquals([...failures], []);
    assertEquals(samples.map(({ clients }) => clients), [1_080, 1_440, 1_800]);
    const heap = REMEMBERED * SHORT.rate * SHORT.duration;
    assertEquals(growths(samples, { ...SHORT, heap }), []);
  });
});
