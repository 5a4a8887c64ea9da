import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Timers } from "../../../lib/node/runtime/timers.ts";
import { Random } from "../../../testing/random.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** Timers on virtual time, and the number of runtime timers that they used. */
function start() {
  const time = new VirtualTime();
  const { now, setTimer } = time.runtime;
  const used = { started: 0 };
  /** While `lasts` is set, timers of the runtime never fire, as with fake timers that are removed. */
  const fake = { lasts: false };
  const timers = new Timers(now, (callback, wait) => {
    used.started++;
    return fake.lasts ? () => {} : setTimer(callback, wait);
  });
  return { time, now, timers, used, fake };
}

/** Permitted lateness of a timer, in milliseconds: one slot, or one 256th of its time. */
const lateness = (delay: number) => Math.max(4, delay / 256) + 1e-6;

describe("Timers", () => {
  it("calls each timer once, never early and only a little late, with others cancelled", async () => {
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

  it("calls timers in the order in which they are due, not set", async () => {
    const { time, timers } = start();
    const called: string[] = [];
    timers.set(() => called.push("late"), 1_000);
    timers.set(() => called.push("early"), 100);
    await time.pass(110);
    assertEquals(called, ["early"]);
    await time.pass(1_000);
    assertEquals(called, ["early", "late"]);
  });

  it("uses few timers of the runtime for many cancelled ones", async () => {
    const { time, timers, used } = start();
    timers.set(() => {}, 60_000);
    for (let index = 0; index < 10_000; index++) {
      const cancels = [timers.set(() => {}, 50), timers.set(() => {}, 2_000)];
      await time.pass(0.1);
      for (const cancel of cancels) cancel();
    }
    // A second has passed, and each of its slots needs at most one timer.
    assertLessOrEqual(used.started, 260);
    assertLessOrEqual(time.timers, 1);
  });

  it("keeps few slots for any number of timers at any distance", async () => {
    const { time, timers } = start();
    for (let index = 0; index < 20_000; index++) {
      for (const delay of [2_000, 60_000, 600_000]) timers.set(() => {}, delay);
      await time.pass(100);
    }
    assertLessOrEqual(timers.slots, 3 * 513);
  });

  it("leaves no timer of the runtime when all timers are cancelled, twice", async () => {
    const { time, timers } = start();
    let called = 0;
    const cancels = [1, 20, 500, 90_000].map((delay) => timers.set(() => called++, delay));
    assertEquals(time.timers, 2);
    for (const cancel of [...cancels, ...cancels]) cancel();
    assertEquals(time.timers, 0);
    await time.pass(100_000);
    assertEquals(called, 0);
  });

  it("respects timers that are set or cancelled by a timer's function", async () => {
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

  it("survives a function that throws, and reports its error", async () => {
    const { time, timers } = start();
    const called: string[] = [];
    timers.set(() => {
      throw new Error("of a callback");
    }, 100);
    timers.set(() => called.push("next"), 100);
    await assertRejects(() => time.pass(150), Error, "of a callback");
    assertEquals(called, ["next"]);
  });

  it("survives timers of the runtime that never fire, once one fires", async () => {
    for (const lost of [[2_000], [100], [16], [5, 1], [3, 50, 3_000]]) {
      const { time, timers, fake } = start();
      const called: number[] = [];
      fake.lasts = true;
      for (const delay of lost) timers.set(() => called.push(delay), delay);
      await time.pass(10_000);
      assertEquals(called, []);
      fake.lasts = false;
      for (const delay of [1, 17, 500, 60_000]) timers.set(() => called.push(-delay), delay);
      await time.pass(600);
      assertEquals(new Set(called), new Set([...lost, -1, -17, -500]), `${lost}`);
      await time.pass(60_000);
      assertEquals(called.length, lost.length + 4);
      assertEquals(time.timers, 0);
    }
  });

  it("cancels timers whether or not they ever fire", async () => {
    const { time, timers, fake } = start();
    let called = 0;
    fake.lasts = true;
    const cancels = [3, 50, 3_000].map((delay) => timers.set(() => called++, delay));
    await time.pass(10_000);
    fake.lasts = false;
    for (const cancel of cancels) cancel();
    timers.set(() => {}, 100);
    await time.pass(200);
    assertEquals([called, time.timers], [0, 0]);
  });

  it("does not postpone overdue timers while the process is busy", async () => {
    const { time, timers, used } = start();
    let called = 0;
    timers.set(() => called++, 100);
    timers.set(() => called++, 5);
    time.stall(1_000);
    used.started = 0;
    for (let index = 0; index < 100; index++) timers.set(() => {}, 5_000);
    assertEquals(used.started, 2);
    await time.pass(1);
    assertEquals(called, 2);
  });

  it("supports delays longer than the runtime does", async () => {
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
