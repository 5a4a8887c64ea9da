import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { LargeTurns } from "../../lib/gateway/large_turns.ts";
import { Operations } from "../../lib/node/engine/operations.ts";
import { VirtualTime } from "../support/virtual_time.ts";
import { turn } from "../support/wait.ts";

const MIB = 2 ** 20;

function begin(bytesPerSecond = 4 * MIB) {
  const time = new VirtualTime();
  const turns = new LargeTurns(time.runtime, bytesPerSecond);
  const operations = new Operations(time.runtime);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  /** Runs something that takes until its end. */
  const run = (number: number, bytes: number, signal?: AbortSignal): Promise<void> =>
    turns.run(
      () => {
        begun.push(number);
        return new Promise<void>((resolve) => ends[number] = resolve);
      },
      () => operations.begin<void>({ deadline: Infinity, signal }, () => new Error("late")),
      bytes,
    );
  return { time, run, begun, ends };
}

describe("LargeTurns", () => {
  it("lets half a MiB begin at once, then 8 MiB in a second, in order", async () => {
    const { time, run, begun, ends } = begin();
    for (let number = 0; number < 8; number++) void run(number, MIB / 8);
    assertEquals(begun, [0, 1, 2, 3]);
    const times: number[] = [];
    for (let waits = 0; waits < 70; waits++) {
      const { length } = begun;
      for (const end of ends) end();
      await turn();
      await time.pass(1);
      if (begun.length > length) times.push(waits + 1);
    }
    assertEquals(times, [1, 16, 32, 47]);
    assertEquals(begun, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("waits until less than half a MiB is under way, but no longer than a tenth of a second", async () => {
    const { time, run, begun, ends } = begin();
    for (let number = 0; number < 3; number++) void run(number, MIB);
    await time.pass(64);
    assertEquals(begun, [0]);
    ends[0]();
    await turn();
    assertEquals(begun, [0, 1]);
    await time.pass(128);
    assertEquals(begun, [0, 1, 2]);
    void run(3, 1);
    await time.pass(99);
    assertEquals(begun, [0, 1, 2]);
    await time.pass(40);
    assertEquals(begun, [0, 1, 2, 3]);
  });

  it("lets a guest alone use the bytes of its limits", async () => {
    const { time, run, begun, ends } = begin(16 * MIB);
    for (let number = 0; number < 2; number++) void run(number, MIB);
    ends[0]();
    await turn();
    await time.pass(31);
    assertEquals(begun, [0]);
    await time.pass(1);
    assertEquals(begun, [0, 1]);
  });

  it("keeps order when a turn comes while others wait", async () => {
    const { time, run, begun, ends } = begin();
    for (let number = 0; number < 2; number++) void run(number, MIB);
    ends[0]();
    await turn();
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
