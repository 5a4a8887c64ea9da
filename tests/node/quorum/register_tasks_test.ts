// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Engine } from "../../../lib/node/engine/engine.ts";
import { type RegisterTask, RegisterTasks } from "../../../lib/node/quorum/register_tasks.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

const MEMBERS = ["a", "b", "c"];

/** A member with tasks, and the other members that it believes operational. */
function member(
  time: VirtualTime,
  self: string,
  present: readonly string[] = MEMBERS,
  patience = 1_000,
): RegisterTasks {
  const voter = { clocks: { isPresent: (id: string) => present.includes(id) } };
  const engine = { members: MEMBERS, self, runtime: time.runtime, voter } as unknown as Engine;
  return new RegisterTasks(engine, () => patience);
}

/** A number of registers, each of which takes a millisecond; records which member handles which. */
class Work {
  readonly registers: Set<string>;
  readonly done: { readonly by: string; readonly register: string; readonly at: number }[] = [];
  /** The largest number under way at once. */
  most = 0;
  #inHand = 0;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime, count: number) {
    this.#time = time;
    this.registers = new Set(Array.from({ length: count }, (_, index) => `k${index}`));
  }

  task(by: string, fails = false, possible = () => true): RegisterTask {
    return {
      registers: () => this.registers,
      possible,
      act: (register) => {
        const { runtime } = this.#time;
        this.done.push({ by, register, at: runtime.now() });
        this.most = Math.max(this.most, ++this.#inHand);
        return new Promise((resolve, reject) => {
          runtime.setTimer(() => {
            this.#inHand--;
            if (fails) return reject(new Error("in vain"));
            this.registers.delete(register);
            resolve(undefined);
          }, 1);
        });
      },
    };
  }

  /** The number of registers that each member has begun. */
  get shares(): Record<string, number> {
    const shares: Record<string, number> = {};
    for (const { by } of this.done) shares[by] = (shares[by] ?? 0) + 1;
    return shares;
  }
}

describe("RegisterTasks (section 8)", () => {
  it("each member begins with its own share, and no register is begun twice", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 3_000);
    const all = MEMBERS.map((self) => member(time, self));
    all.forEach((tasks, index) => tasks.add(work.task(MEMBERS[index])));
    await time.pass(1_900);
    assertEquals([work.registers.size, work.done.length], [0, 3_000]);
    for (const self of MEMBERS) assert(Math.abs(work.shares[self] - 1_000) < 200, self);
    for (const tasks of all) tasks.clear();
  });

  it("the others divide the share of a member that is down at once", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 3_000);
    const all = ["a", "c"].map((self) => member(time, self, ["a", "c"]));
    all[0].add(work.task("a"));
    all[1].add(work.task("c"));
    await time.pass(1_900);
    assertEquals([work.registers.size, work.done.length], [0, 3_000]);
    for (const tasks of all) tasks.clear();
  });

  it("the next member takes over the rest of an operational member two seconds later, and so on", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 300);
    const tasks = member(time, "a");
    tasks.add(work.task("a"));
    await time.pass(10_000);
    assertEquals(work.registers.size, 0);
    const turns = work.done.map(({ at }) => Math.floor(at / 2_000));
    const counts = [0, 1, 2].map((turn) => turns.filter((one) => one === turn).length);
    for (const count of counts) assertLess(Math.abs(count - 100), 50);
    assertEquals(tasks.isBusy, false);
  });

  it("while the others make progress, their shares are left to them, for any time", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 300);
    const tasks = member(time, "a");
    tasks.add(work.task("a"));
    await time.pass(100);
    const own = work.done.length;
    // The others handle one of their registers each second.
    for (let i = 0; i < 60; i++) {
      for (const register of work.registers) {
        work.registers.delete(register);
        break;
      }
      await time.pass(1_000);
    }
    assertEquals(work.done.length, own);
    tasks.clear();
  });

  it("a turn of the event loop is short, and few registers are under way, with any amount of work", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 20_000);
    const tasks = member(time, "a", ["a"]);
    tasks.add(work.task("a"));
    let before = 0;
    while (work.registers.size > 0) {
      await time.pass(0.5);
      const { length } = work.done;
      assertLessOrEqual(length - before, 128);
      before = length;
    }
    assertLessOrEqual(work.most, 128);
    tasks.clear();
  });

  it("begins a few registers in one turn", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 1_000);
    const tasks = member(time, "a", ["a"]);
    let mostInOneTurn = 0;
    const task = work.task("a");
    const counted = { ...task, act: (register: string) => (inTurn++, task.act(register)) };
    let inTurn = 0;
    const { runtime } = time;
    const set = runtime.setTimer;
    runtime.setTimer = (callback, delay) =>
      set(() => {
        inTurn = 0;
        callback();
        mostInOneTurn = Math.max(mostInOneTurn, inTurn);
      }, delay);
    tasks.add(counted);
    await time.pass(5_000);
    assertEquals([work.registers.size, mostInOneTurn], [0, 32]);
    tasks.clear();
  });

  it("slow answers give the others more time in proportion", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 300);
    const tasks = member(time, "a", MEMBERS, 20_000);
    tasks.add(work.task("a"));
    await time.pass(39_000);
    const own = work.done.length;
    assertLess(Math.abs(own - 100), 50);
    await time.pass(2_000);
    assertLess(Math.abs(work.done.length - own - 100), 50);
    tasks.clear();
  });

  it("a failed register is tried again less and less often", async () => {
    const time = new VirtualTime();
    const work = new Work(time, 1);
    const tasks = member(time, "a", ["a"]);
    tasks.add(work.task("a", true));
    await time.pass(600_000);
    const waits = work.done.slice(1).map(({ at }, index) =>
      Math.round((at - work.done[index].at) / 1_000)
    );
    assertEquals(waits.slice(0, 7), [2, 4, 8, 16, 32, 60, 60]);
    assertEquals(tasks.isBusy, false);
    tasks.clear();
  });

  it("ends when nothing is left, when it is no longer possible, and when it is dropped", async () => {
    const time = new VirtualTime();
    const tasks = member(time, "a", ["a"]);
    const done = new Work(time, 5);
    tasks.add(done.task("a"));
    await time.pass(5_000);
    const impossible = new Work(time, 5);
    tasks.add(impossible.task("a", false, () => false));
    await time.pass(1);
    assertEquals([time.timers, done.registers.size, impossible.done.length], [0, 0, 0]);
    tasks.add(new Work(time, 1_000).task("a", true));
    await time.pass(10);
    tasks.clear();
    await time.pass(2);
    assertEquals([time.timers, tasks.isBusy], [0, false]);
  });
});
