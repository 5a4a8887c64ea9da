import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { ListLane, MAX_LISTS } from "../../../lib/node/engine/list_lane.ts";
import { type Runtime, systemRuntime } from "../../../lib/node/runtime/runtime.ts";

/** A lane whose clock and timer the test drives. */
class Script {
  time = 1_000;
  timer: (() => void) | null = null;
  /** How long the lane waits for its timer. */
  wait = 0;
  readonly answered: string[] = [];
  readonly failed: string[] = [];
  readonly lane: ListLane;

  constructor() {
    const runtime: Runtime = {
      ...systemRuntime(),
      now: () => this.time,
      setTimer: (callback, wait) => {
        this.timer = callback;
        this.wait = wait;
        return () => this.timer = null;
      },
    };
    this.lane = new ListLane(runtime, (answer) => {
      try {
        answer();
      } catch (error) {
        this.failed.push(`${error}`);
      }
    });
  }

  take(from: string, cost = 0): void {
    this.lane.take(from, () => {
      this.answered.push(from);
      this.time += cost;
    });
  }

  turn(): void {
    const { timer } = this;
    this.timer = null;
    timer?.();
  }
}

describe("ListLane (section 13)", () => {
  it("answers the first at once, and the next after a pause that is longer than the answer took", () => {
    const script = new Script();
    script.take("a", 5);
    script.take("a");
    assertEquals([script.answered.length, script.wait], [1, 15]);
    script.turn();
    assertEquals([script.answered.length, script.wait], [2, 1]);
    script.turn();
    assertEquals(script.timer, null);
    script.take("a");
    assertEquals(script.answered.length, 3);
  });

  it("gives peers their turns", () => {
    const script = new Script();
    for (const from of ["a", "a", "a", "b", "c", "b"]) script.take(from);
    while (script.timer !== null) script.turn();
    assertEquals(script.answered.join(""), "aabcab");
  });

  it("drops what one peer asks for beyond a bound, and nothing of others", () => {
    const script = new Script();
    for (let count = 0; count < 100; count++) script.take("a");
    script.take("b");
    while (script.timer !== null) script.turn();
    assertEquals(script.answered.filter((from) => from === "a").length, 1 + MAX_LISTS);
    assertEquals(script.answered.filter((from) => from === "b").length, 1);
  });

  it("answers nothing more when it is closed", () => {
    const script = new Script();
    script.take("a");
    script.take("b");
    script.lane.close();
    assertEquals([script.timer, script.answered], [null, ["a"]]);
  });

  it("pauses for a bounded time, however long the process was suspended during an answer", () => {
    const script = new Script();
    script.take("a", 3_600_000);
    script.take("a");
    assertEquals([script.answered.length, script.wait], [1, 100]);
    script.turn();
    assertEquals(script.answered.length, 2);
  });

  it("answers one whenever another comes after the end of the pause, though no timer fires", () => {
    const script = new Script();
    for (let count = 0; count < 4; count++) script.take("a", 5);
    assertEquals(script.answered.length, 1);
    for (let count = 2; count < 10; count++) {
      script.time += 15;
      script.take("b", 5);
      assertEquals(script.answered.length, count);
    }
    assertEquals(script.answered.join(""), "aabababbb");
    // Of all the timers only the last one is left.
    while (script.timer !== null) script.turn();
    assertEquals(script.answered.length, 12);
  });

  it("goes on after an answer that has failed", () => {
    const script = new Script();
    script.take("a");
    script.lane.take("a", () => {
      throw new Error("a test");
    });
    script.take("a");
    while (script.timer !== null) script.turn();
    assertEquals([script.failed, script.answered], [["Error: a test"], ["a", "a"]]);
  });
});
