import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { LargeTurns } from "../../lib/gateway/large_turns.ts";
import { Operations } from "../../lib/node/engine/operations.ts";
import { VirtualTime } from "../support/virtual_time.ts";

const MIB = 2 ** 20;

function begin(bytesPerSecond = 4 * MIB) {
  const time = new VirtualTime();
  const turns = new LargeTurns(time.runtime, bytesPerSecond);
  const operations = new Operations(time.runtime);
  const begun: number[] = [];
  /** Runs something that takes for ever. */
  const run = (number: number, bytes: number, signal?: AbortSignal): Promise<void> =>
    turns.run(
      () => {
        begun.push(number);
        return new Promise<void>(() => {});
      },
      () => operations.begin<void>({ deadline: Infinity, signal }, () => new Error("late")),
      bytes,
    );
  return { time, run, begun };
}

describe("LargeTurns", () => {
  it("lets half a MiB begin at once, then 8 MiB in a second, in order", async () => {
    const { time, run, begun } = begin();
    for (let number = 0; number < 8; number++) void run(number, MIB / 8);
    assertEquals(begun, [0, 1, 2, 3]);
    const times: number[] = [];
    for (let waits = 0; waits < 70; waits++) {
      const { length } = begun;
      await time.pass(1);
      if (begun.length > length) times.push(waits + 1);
    }
    assertEquals(times, [1, 16, 32, 47]);
    assertEquals(begun, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("waits no longer for what takes long", async () => {
    const { time, run, begun } = begin();
    for (let number = 0; number < 3; number++) void run(number, MIB);
    await time.pass(62);
    assertEquals(begun, [0]);
    await time.pass(2);
    assertEquals(begun, [0, 1]);
    await time.pass(130);
    assertEquals(begun, [0, 1, 2]);
  });

  it("lets a guest alone use the bytes of its limits", async () => {
    const { time, run, begun } = begin(16 * MIB);
    for (let number = 0; number < 2; number++) void run(number, MIB);
    await time.pass(31);
    assertEquals(begun, [0]);
    await time.pass(1);
    assertEquals(begun, [0, 1]);
  });

  it("keeps order when a turn comes while others wait", async () => {
    const { time, run, begun } = begin();
    for (let number = 0; number < 2; number++) void run(number, MIB);
    // The next one is due, but its timer has not run yet.
    time.stall(100);
    void run(2, 1);
    assertEquals(begun, [0]);
    await time.pass(1_000);
    assertEquals(begun, [0, 1, 2]);
  });

  it("keeps nothing of what waits no longer, and no timer", async () => {
    const { time, run, begun } = begin();
    void run(0, MIB);
    const aborter = new AbortController();
    const given = run(1, MIB, aborter.signal);
    assertEquals(time.timers, 1);
    aborter.abort(new Error("given up"));
    await assertRejects(() => given, Error, "given up");
    assertEquals(time.timers, 0);
    await assertRejects(() => run(2, MIB, aborter.signal), Error, "given up");
    assertEquals([begun, time.timers], [[0], 0]);
  });
});
