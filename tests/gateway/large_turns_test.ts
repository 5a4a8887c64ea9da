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
  const ends: ((error?: Error) => void)[] = [];
  /** Runs something that takes until its end. */
  const run = (number: number, bytes: number, signal?: AbortSignal) =>
    turns.run(
      () => {
        begun.push(number);
        return new Promise<void>((resolve, reject) =>
          ends[number] = (error) => error === undefined ? resolve() : reject(error)
        );
      },
      () => operations.begin<void>({ deadline: Infinity, signal }, () => new Error("late")),
      bytes,
    );
  return { time, run, begun, ends };
}

describe("LargeTurns", () => {
  it("lets half a MiB begin at once, in order", async () => {
    const { time, run, begun } = begin();
    for (let number = 0; number < 6; number++) void run(number, MIB / 8);
    await time.pass(1_000);
    assertEquals(begun, [0, 1, 2, 3]);
  });

  it("lets the next one begin when half a MiB is not under way any more, and its bytes are due", async () => {
    const { time, run, begun, ends } = begin();
    for (let number = 0; number < 4; number++) void run(number, MIB).catch(() => {});
    ends[0]();
    await turn();
    // Half a MiB too much has begun, at 8 MiB in a second.
    await time.pass(62);
    assertEquals(begun, [0]);
    await time.pass(2);
    assertEquals(begun, [0, 1]);
    await time.pass(1_000);
    assertEquals(begun, [0, 1]);
    ends[1](new Error("also what fails takes a turn"));
    await turn();
    assertEquals(begun, [0, 1, 2]);
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
    for (let number = 0; number < 3; number++) void run(number, MIB);
    ends[0]();
    await turn();
    // The next one is due, but its timer has not run yet.
    time.stall(100);
    void run(3, 1);
    assertEquals(begun, [0]);
    await time.pass(1_000);
    assertEquals(begun, [0, 1]);
  });

  it("lets nothing begin beside half a MiB that takes long", async () => {
    const { time, run, begun, ends } = begin();
    void run(0, MIB);
    await time.pass(1_000);
    void run(1, 1);
    assertEquals(begun, [0]);
    ends[0]();
    await turn();
    assertEquals(begun, [0, 1]);
  });

  it("keeps nothing of what waits no longer, and no timer", async () => {
    const { time, run, begun, ends } = begin();
    const first = run(0, MIB);
    const aborter = new AbortController();
    const given = run(1, MIB, aborter.signal);
    ends[0]();
    await first;
    assertEquals(time.timers, 1);
    aborter.abort(new Error("given up"));
    await assertRejects(() => given, Error, "given up");
    assertEquals(time.timers, 0);
    await assertRejects(() => run(2, MIB, aborter.signal), Error, "given up");
    assertEquals([begun, time.timers], [[0], 0]);
  });
});
