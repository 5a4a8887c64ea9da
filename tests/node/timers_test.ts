import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Timers } from "../../lib/node/runtime/timers.ts";
import { Random } from "../sim/random.ts";
import { VirtualTime } from "../support/virtual_time.ts";

/** Timers on a clock of their own, and how many timers of the runtime they took. */
function start() {
  const time = new VirtualTime();
  const { now, setTimer } = time.runtime;
  const used = { started: 0 };
  const timers = new Timers(now, (callback, wait) => {
    used.started++;
    return setTimer(callback, wait);
  });
  return { time, now, timers, used };
}

/** How late a timer may be, in milliseconds: one slot, or one 256th part of its time. */
const lateness = (delay: number) => Math.max(4, delay / 256) + 1e-6;

describe("Timers", () => {
  it("calls each once, never early and hardly late, whatever was cancelled", async () => {
    const { time, now, timers } = start();
    const random = new Random("timers");
    const due = new Map<number, { at: number; delay: number }>();
    let early = 0;
    let late = 0;
    let fired = 0;
    const cancels = new Map<number, () => void>();
    for (let index = 0; index < 3_000; index++) {
      const delay = 10 ** random.between(-1, 6.5);
      due.set(index, { at: now() + delay, delay });
      const fire = () => {
        const { at } = due.get(index)!;
        due.delete(index);
        fired++;
        if (now() < at) early++;
        if (now() > at + lateness(delay)) late++;
      };
      cancels.set(index, timers.set(fire, delay));
      const other = Math.floor(random.fraction() * index);
      if (random.fraction() < 0.5 && due.has(other)) {
        cancels.get(other)!();
        due.delete(other);
      }
      if (random.fraction() < 0.2) await time.pass(random.between(0, 50));
    }
    await time.pass(4_000_000);
    assertEquals([due.size, early, late], [0, 0, 0]);
    assert(fired > 1_000);
    assertEquals(time.timers, 0);
  });

  it("calls what is set later and due earlier first", async () => {
    const { time, timers } = start();
    const called: string[] = [];
    timers.set(() => called.push("late"), 1_000);
    timers.set(() => called.push("early"), 100);
    await time.pass(110);
    assertEquals(called, ["early"]);
    await time.pass(1_000);
    assertEquals(called, ["early", "late"]);
  });

  it("takes few timers of the runtime for many that are cancelled", async () => {
    const { time, timers, used } = start();
    timers.set(() => {}, 60_000);
    for (let index = 0; index < 10_000; index++) {
      const cancels = [timers.set(() => {}, 50), timers.set(() => {}, 2_000)];
      await time.pass(0.1);
      for (const cancel of cancels) cancel();
    }
    // A second has passed, and no more than one is needed for each slot of it.
    assertLessOrEqual(used.started, 260);
    assertLessOrEqual(time.timers, 1);
  });

  it("keeps few slots, however many timers are set and how far ahead", async () => {
    const { time, timers } = start();
    for (let index = 0; index < 20_000; index++) {
      for (const delay of [2_000, 60_000, 600_000]) timers.set(() => {}, delay);
      await time.pass(100);
    }
    assertLessOrEqual(timers.slots, 3 * 513);
  });

  it("leaves no timer of the runtime when all are cancelled, twice", async () => {
    const { time, timers } = start();
    let called = 0;
    const cancels = [1, 20, 500, 90_000].map((delay) => timers.set(() => called++, delay));
    assertEquals(time.timers, 2);
    for (const cancel of [...cancels, ...cancels]) cancel();
    assertEquals(time.timers, 0);
    await time.pass(100_000);
    assertEquals(called, 0);
  });

  it("calls what is set or cancelled by what it calls, in its turn", async () => {
    const { time, timers } = start();
    const called: string[] = [];
    let cancel = () => {};
    timers.set(() => {
      called.push("first");
      cancel();
      timers.set(() => called.push("third"), 17);
    }, 100);
    cancel = timers.set(() => called.push("second"), 100);
    await time.pass(130);
    assertEquals(called, ["first", "third"]);
    assertEquals(time.timers, 0);
  });

  it("survives what throws, and lets it be seen", async () => {
    const { time, timers } = start();
    const called: string[] = [];
    timers.set(() => {
      throw new Error("of a callback");
    }, 100);
    timers.set(() => called.push("next"), 100);
    await assertRejects(() => time.pass(150), Error, "of a callback");
    assertEquals(called, ["next"]);
  });

  it("waits longer than the runtime can", async () => {
    const { time, timers } = start();
    let called = 0;
    const month = 30 * 24 * 3_600_000;
    timers.set(() => called++, month);
    await time.pass(month - 1);
    assertEquals(called, 0);
    await time.pass(month / 256 + 1);
    assertEquals(called, 1);
  });
});
