import { beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type ClockOptions, Machine } from "../../testing/machine.ts";
import { Simulation } from "../../testing/simulation.ts";

const RIGHT: ClockOptions = { rate: 1, wallOffset: 0, monotonicOffset: 0, step: 0 };

describe("Machine", () => {
  let simulation: Simulation;

  beforeEach(() => {
    simulation = new Simulation("1");
  });

  const machine = (clock: Partial<ClockOptions> = {}) =>
    new Machine(simulation, "m", simulation.random.fork("m"), { ...RIGHT, ...clock });

  /** Runs to `time`, which is the time of an event, so that clocks can be read there. */
  const until = (time: number) => simulation.run(time);

  it("now() and wallNow() run at the rate of the machine, from their own offsets", async () => {
    const fast = machine({ rate: 1.025, wallOffset: -60_000, monotonicOffset: 500 });
    const slow = machine({ rate: 0.975 });
    const begin = [fast.wallNow(), slow.wallNow()];
    assertEquals(begin[1] - begin[0], 60_000);
    assertEquals([fast.now(), slow.now()], [500, 0]);
    await until(1_000);
    assertAlmostEquals(fast.now(), 1_525);
    assertAlmostEquals(slow.now(), 975);
    assertAlmostEquals(fast.wallNow() - begin[0], 1_025, 1);
    assertAlmostEquals(slow.wallNow() - begin[1], 975, 1);
  });

  it("setTimer() waits by the machine's own clock, and never fires early", async () => {
    for (const rate of [0.975, 1, 1.025]) {
      const m = machine({ rate, monotonicOffset: 10_000 });
      const set = m.now();
      let fired: number | undefined;
      m.setTimer(() => fired = m.now(), 1_000);
      assertEquals(m.timers, 1);
      await until(simulation.time + 2_000);
      assert(fired! - set >= 1_000 && fired! - set < 1_003, `${fired! - set}`);
      assertEquals(m.timers, 0);
    }
  });

  it("setTimer() can be cancelled, even twice or too late", async () => {
    const m = machine();
    let fired = 0;
    const cancel = m.setTimer(() => fired++, 10);
    const late = m.setTimer(() => fired++, 10);
    cancel();
    cancel();
    await until(20);
    late();
    assertEquals([fired, m.timers], [1, 0]);
  });

  it("setTimer() refuses a delay that fires at once in the runtimes", () => {
    const m = machine();
    assertThrows(() => m.setTimer(() => {}, 2 ** 31), RangeError, "would fire at once");
    assertThrows(() => m.setTimer(() => {}, NaN), RangeError);
    m.setTimer(() => {}, -5);
  });

  it("pause() delays timers and all other work; time continues", async () => {
    const m = machine();
    const ran: [string, number][] = [];
    m.setTimer(() => ran.push(["timer", m.now()]), 50);
    simulation.at(10, () => m.pause(500));
    simulation.at(100, () => m.run(() => ran.push(["delivery", m.now()])));
    await until(200);
    assertEquals(ran, []);
    assertEquals(m.now(), 200);
    await until(600);
    assertEquals(ran.map(([what]) => what).sort(), ["delivery", "timer"]);
    assert(ran.every(([, at]) => at >= 510 && at < 513), `${ran}`);
  });

  it("sleep() also stops the monotonic clock; the wall clock continues", async () => {
    const m = machine();
    const wall = m.wallNow();
    let fired: number | undefined;
    m.setTimer(() => fired = simulation.time, 300);
    simulation.at(100, () => m.sleep(1_000));
    await until(600);
    assertEquals([m.now(), m.wallNow() - wall], [100, 600]);
    await until(1_100);
    assertEquals(m.now(), 100);
    await until(2_000);
    assertEquals([m.now(), m.wallNow() - wall], [1_000, 2_000]);
    assert(fired! >= 1_300 && fired! < 1_303, `${fired}`); // 300 ms of its monotonic clock, not of virtual time
  });

  it("crash() stops it forever", async () => {
    const m = machine();
    let ran = 0;
    m.setTimer(() => ran++, 50);
    simulation.at(10, () => m.defer(() => ran++));
    simulation.at(20, () => {
      m.defer(() => ran++);
      m.crash(); // in the same turn: nothing runs after it
    });
    simulation.at(30, () => m.run(() => ran++));
    await until(100);
    assertEquals([ran, m.timers, m.crashed], [1, 0, true]);
  });

  it("defer() runs its callback at the end of the current turn", async () => {
    const m = machine();
    const ran: string[] = [];
    simulation.at(1, () => {
      m.defer(() => ran.push("deferred"));
      ran.push("turn");
    });
    simulation.at(1, () => ran.push("next event"));
    await until(5);
    assertEquals(ran, ["turn", "deferred", "next event"]);
  });

  it("stepWall() moves the wall clock only", () => {
    const m = machine();
    const before = [m.now(), m.wallNow()];
    m.stepWall(-5_000);
    assertEquals([m.now(), m.wallNow()], [before[0], before[1] - 5_000]);
  });

  it("latestWall keeps the reading of the wall clock from before it was set back", async () => {
    const m = machine();
    const begin = m.wallNow();
    await until(100);
    m.stepWall(-5_000);
    await until(200);
    assertEquals([m.wallNow() - begin, m.latestWall - begin], [-4_800, 100]);
    m.stepWall(+6_000);
    assertEquals([m.wallNow() - begin, m.latestWall - begin], [1_200, 1_200]);
    m.crash();
    await until(300);
    assertEquals(m.latestWall - begin, 1_200);
  });

  it("stallSometimes() makes time pass between two readings of one turn", async () => {
    const m = machine();
    m.stallSometimes(1, 100);
    const readings: number[] = [];
    let held: number | undefined;
    simulation.at(10, () => {
      readings.push(m.now(), m.now());
      m.calm();
      simulation.at(11, () => m.run(() => held = simulation.time));
    });
    await until(1_000);
    assert(readings[0] > 10 && readings[1] > readings[0] && readings[1] < 210, `${readings}`);
    assert(held! >= readings[1], "an event during a stall waits for the end of the turn");
  });

  it("peek() reads clocks at an instant without an effect", () => {
    const m = machine();
    m.stallSometimes(1, 100);
    assertEquals(m.peek(0, () => m.now()), 0);
    m.now();
    assertEquals(m.peek(0, () => m.now()), 0);
    assertEquals(m.peek(7, () => m.now()), 7);
    assert(m.now() > 0);
  });

  it("calm() ends a pause and a sleep", async () => {
    const m = machine();
    let ran: number | undefined;
    simulation.at(10, () => m.sleep(100_000));
    simulation.at(20, () => m.run(() => {}));
    simulation.at(50, () => {
      m.calm();
      m.run(() => ran = simulation.time);
    });
    await until(100);
    assertEquals(ran, 50);
    assertEquals(m.now(), 60);
  });
});
