import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ClockError } from "../../../lib/node/runtime/clock_error.ts";
import { systemRuntime } from "../../../lib/node/runtime/runtime.ts";
import { Random } from "../../../testing/random.ts";

/** A clock that is rounded to `step`: down, or up or down at random. */
function roundedTo(step: number, random?: Random): (time: number) => number {
  const up = new Map<number, number>();
  return (time) => {
    const floor = Math.floor(time / step);
    if (random === undefined) return floor * step;
    // As in browsers: each step happens at a random moment.
    let at = up.get(floor);
    if (at === undefined) up.set(floor, at = random.fraction());
    return time / step - floor < at ? floor * step : (floor + 1) * step;
  };
}

describe("ClockError", () => {
  it("is at most that of whole milliseconds with a fine clock, after a few readings", () => {
    let readings = 0;
    const error = new ClockError(() => ++readings * 0.0001);
    assertEquals([error.value, error.isFine], [1, true]);
    assertLessOrEqual(readings, 5);
  });

  it("is the largest possible until the clock is seen to step", () => {
    let readings = 0;
    const error = new ClockError(() => {
      readings++;
      return 12_300;
    });
    assertEquals([error.value, error.isFine], [200, false]);
    // It does not block the program until a step.
    assertLessOrEqual(readings, 10_000);
  });

  it("is that of the smallest step seen since, for a clock that stands still while the program runs", () => {
    const error = new ClockError(() => 5);
    const steps = [];
    for (const reading of [5, 47, 47, 63, 80, 81, 97]) {
      error.observe(reading);
      steps.push(error.value);
    }
    assertEquals(steps, [200, 84, 84, 32, 32, 2, 2]);
  });

  it("ignores a clock that goes back", () => {
    const error = new ClockError(() => 5);
    for (const reading of [1_000, 999.99, 1_100]) error.observe(reading);
    assertEquals(error.value, 200);
  });

  it("bounds how much shorter a time between two readings looks, for any rounding", () => {
    for (const step of [0.1, 1, 16.67, 20, 100]) {
      for (const isRoundedUp of [false, true]) {
        const random = new Random(`clock ${step} ${isRoundedUp}`);
        const clock = roundedTo(step, isRoundedUp ? random : undefined);
        let time = 1_000_000;
        const error = new ClockError(() => clock(time += 0.0001));
        let worst = 0;
        for (let i = 0; i < 10_000; i++) {
          const from = time += random.between(0, 3);
          error.observe(clock(from));
          const to = time += random.between(0, 3 * step);
          error.observe(clock(to));
          const shorter = to - from - (clock(to) - clock(from));
          worst = Math.max(worst, shorter);
          assertLessOrEqual(shorter, error.value + 1e-9);
        }
        assert(worst > 0.9 * step, `${worst} of ${step}`);
        assertLessOrEqual(error.value, Math.max(1, 2 * step + 1e-6));
      }
    }
  });

  it("is small in the present runtime: the shortest sessions are possible", () => {
    const runtime = systemRuntime();
    for (let i = 0; i < 100_000; i++) runtime.now();
    assertLessOrEqual(runtime.clockError(), 4);
  });
});
