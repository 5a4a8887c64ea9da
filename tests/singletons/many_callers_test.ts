// Runs by itself: it measures memory.
import { assertEquals, assertLess } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Inbox } from "../../lib/singletons/inbox.ts";
import type { SingletonReply } from "../../lib/singletons/singleton_messages.ts";
import { heapUsed } from "../support/heap.ts";
import { callOf } from "./support/calls.ts";

/** Size of the answer of one call, in bytes. */
const ANSWER = 1_000;

/** Lives of callers, each of which calls once and vanishes: 200 a second. */
function* lives(count: number, first: number): Generator<{ life: string; birth: number }> {
  for (let n = first; n < first + count; n++) {
    yield { life: `-P70F6sqFhqk${String(n).padStart(8, "0")}`, birth: n };
  }
}

describe("a host that many lives of callers call once", () => {
  it("uses as much memory after 30,000 of them as after 2,000", async () => {
    let time = 0;
    let handed = 0;
    const inbox = new Inbox({
      handle: ({ reply }) => {
        handed++;
        reply({ type: "returned", value: new Uint8Array(ANSWER) });
      },
      now: () => time,
      keptFor: () => 5_000,
    });
    let stale = 0;
    const tell = ({ type }: SingletonReply) => void (stale += type === "stale" ? 1 : 0);
    const call = (count: number, first: number) => {
      for (const { life, birth } of lives(count, first)) {
        time += 5;
        inbox.receive(`tab-${birth}`, life, callOf("inc", [], { birth }), tell);
      }
    };
    call(2_000, 1);
    const before = await heapUsed();
    call(28_000, 2_001);
    const grown = await heapUsed() - before;
    // 28,000 records and answers would be about 50 MB.
    assertLess(grown, 4_000_000, `${grown} bytes more`);
    assertEquals([handed, stale], [30_000, 0]);
    // Late copies of all calls: nothing runs again, and those of forgotten callers are `stale`.
    for (const { life, birth } of lives(30_000, 1)) {
      inbox.receive(`tab-${birth}`, life, callOf("inc", [], { birth }), tell);
    }
    assertEquals(handed, 30_000);
    assertEquals(stale, 30_000 - inbox.remembered);
  });
});
