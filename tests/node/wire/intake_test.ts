import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  type Arrived,
  type FrameRest,
  Intake,
  type RestOfFrame,
} from "../../../lib/node/wire/intake.ts";
import type { Runtime } from "../../../lib/node/runtime/runtime.ts";
import { turn } from "../../support/wait.ts";
import { systemRuntime } from "../../../lib/node/runtime/runtime.ts";

const NO_REST: FrameRest = {
  header: { life: "", clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] },
  ...{ requests: [], repliesTo: null, replies: [], isTold: false },
};

/** A clock that is set by hand, and timers that fire on request, due or not. */
class Script {
  time = 1_000;
  readonly timers: (() => void)[] = [];
  readonly handled: string[] = [];
  readonly runtime: Runtime = {
    ...systemRuntime(),
    now: () => this.time,
    setTimer: (callback) => {
      this.timers.push(callback);
      return () => {
        const index = this.timers.indexOf(callback);
        if (index >= 0) this.timers.splice(index, 1);
      };
    },
  };
  /** The time for handling a frame, or a part of one, in milliseconds. */
  cost = 0;
  /** What was dropped: its peer and its length. */
  readonly dropped: string[] = [];
  /** The frames that are parts of others, with the number of parts that follow. */
  readonly #parts = new Map<FrameRest, readonly [number: number, left: number]>();
  /** By how much the times that came with the frames differed from the clock, in sum. */
  offTime = 0;
  readonly intake: Intake = new Intake(
    this.runtime,
    (from, frame, now) => this.#handle(from, frame, now),
    (from, { length }) => void this.dropped.push(`${from} ${length}`),
  );

  /**
   * A frame is its number, and what its handling does: 1 throws, 2 brings the next frame, 3 closes the intake. The others
   * leave as many parts as the third number says: 4 does that, 5 closes the intake too, 6 brings 30 MiB of b, 7 the next
   * frame.
   */
  #handle(from: string, frame: Arrived, now: number): RestOfFrame | void {
    this.offTime += Math.abs(now - this.time);
    this.time += this.cost;
    const part = "rest" in frame ? this.#parts.get(frame.rest) : undefined;
    const bytes = "rest" in frame ? [] : frame;
    const [number, left] = part ?? [bytes[0], bytes[1] >= 4 ? bytes[2] : 0];
    this.handled.push(`${from}${number}${"'".repeat(part === undefined ? 0 : left + 1)}`);
    if (bytes[1] === 1) throw new Error("a frame that cannot be handled");
    if (bytes[1] === 2 || bytes[1] === 7) this.receive(number + 1);
    if (bytes[1] === 3 || bytes[1] === 5) this.intake.close();
    if (bytes[1] === 6) void this.intake.receive("b", new Uint8Array(30 * 2 ** 20));
    if (left === 0) return;
    const rest = { ...NO_REST };
    this.#parts.set(rest, [number, left - 1]);
    return { rest, length: frame.length };
  }

  receive(number: number, ...rest: number[]): Promise<void> | undefined {
    return this.intake.receive("a", Uint8Array.of(number, ...rest));
  }

  /** Receives frames, one each millisecond. */
  flood(first: number, last: number): void {
    for (let number = first; number <= last; number++) {
      this.receive(number);
      this.time++;
    }
  }

  /** One turn of the event loop: the timers that are set fire. */
  turn(): void {
    for (const timer of this.timers.splice(0)) timer();
  }
}

/** The frames with numbers from `first` to `last`. */
const frames = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `a${first + index}`);

describe("Intake", () => {
  it("hands frames on at once", () => {
    const script = new Script();
    script.flood(1, 3);
    assertEquals(script.handled, frames(1, 3));
  });

  it("hands frames on at once as long as timers get their turns", () => {
    const script = new Script();
    for (let first = 1; first <= 91; first += 5) {
      script.flood(first, first + 4);
      assertEquals(script.handled, frames(1, first + 4));
      script.turn();
    }
  });

  it("hands the first frame on at once after any silence", () => {
    const script = new Script();
    script.flood(1, 2);
    script.turn();
    script.time += 60_000;
    script.receive(3);
    assertEquals(script.handled, frames(1, 3));
  });

  it("sets frames aside while a timer is late, and hands them on in order after its turn", () => {
    const script = new Script();
    script.flood(1, 100);
    assertEquals(script.handled, frames(1, 10));
    script.turn();
    assertEquals(script.handled, frames(1, 100));
    script.receive(101);
    assertEquals(script.handled, frames(1, 101));
  });

  it("says that it is behind as long as frames of that peer wait", async () => {
    const script = new Script();
    assertEquals(script.receive(1), undefined);
    script.time += 10;
    let emptied = 0;
    const waits = [script.receive(2), script.receive(3)];
    for (const wait of waits) void wait?.then(() => void emptied++);
    assertEquals(waits.map((wait) => wait instanceof Promise), [true, true]);
    await turn();
    assertEquals([script.handled.length, emptied], [1, 0]);
    // Frames of others are handled in turns, and what they say of one says nothing of the other.
    const other = script.intake.receive("b", Uint8Array.of(9));
    assertEquals(other instanceof Promise && other !== waits[1], true);
    script.turn();
    await turn();
    assertEquals([script.handled.length, emptied], [4, 2]);
    assertEquals(script.receive(4), undefined);
  });

  it("is not behind any more when it closes, or when the frames of a peer are lost", async () => {
    const script = new Script();
    script.receive(1);
    script.time += 10;
    const wait = script.receive(2);
    script.intake.close();
    await wait;
    assertEquals(script.handled, frames(1, 1));
  });

  it("sets one timer at a time, and at most one in 10 ms", () => {
    const script = new Script();
    script.flood(1, 5);
    assertEquals(script.timers.length, 1);
    script.turn();
    script.flood(6, 14);
    assertEquals(script.timers.length, 0);
    script.flood(15, 100);
    assertEquals(script.timers.length, 1);
  });

  it("gives timers their turns between frames that were set aside too", () => {
    const script = new Script();
    script.flood(1, 100);
    script.cost = 1;
    let turns = 0;
    let before = script.handled.length;
    while (script.handled.length < 100) {
      script.turn();
      turns++;
      // Frames that arrive now are behind them.
      script.receive(100 + turns);
      assertEquals(script.handled.length > before, true);
      assertEquals(script.handled.length - before <= 21, true);
      before = script.handled.length;
    }
    while (script.timers.length > 0) script.turn();
    assertEquals(script.handled, frames(1, 100 + turns));
  });

  it("keeps the order when handling a frame brings the next one", () => {
    const script = new Script();
    script.flood(1, 12);
    script.receive(13, 2);
    script.turn();
    assertEquals(script.handled, frames(1, 14));
  });

  it("loses only the frame that cannot be handled", () => {
    const script = new Script();
    script.flood(1, 11);
    script.receive(12, 1);
    script.receive(13);
    script.turn();
    assertEquals(script.handled, frames(1, 13));
  });

  it("sets 10,000 frames aside at most", () => {
    const script = new Script();
    script.flood(1, 10);
    for (let count = 0; count < 20_000; count++) script.receive(count % 256);
    script.turn();
    assertEquals([script.handled.length, script.intake.lost], [10_010, 10_000]);
    // Now there is room again.
    script.flood(1, 30);
    script.turn();
    assertEquals([script.handled.length, script.intake.lost], [10_040, 10_000]);
  });

  it("sets 64 MiB aside at most, and frees the room of frames that were handed on", () => {
    const script = new Script();
    for (let round = 1; round <= 2; round++) {
      script.flood(1, 10);
      const large = new Uint8Array(2 ** 20);
      for (let count = 0; count < 100; count++) script.intake.receive("a", large);
      script.turn();
      assertEquals([script.handled.length, script.intake.lost], [74 * round, 36 * round]);
      script.time += 100;
      script.turn();
    }
  });

  it("lets peers take turns, each with its frames in order", () => {
    const script = new Script();
    script.flood(1, 10);
    for (let number = 11; number <= 15; number++) script.receive(number);
    for (const [peer, number] of [["b", 1], ["b", 2], ["c", 1]] as const) {
      script.intake.receive(peer, Uint8Array.of(number));
    }
    script.handled.length = 0;
    script.turn();
    assertEquals(script.handled, ["a11", "b1", "c1", "a12", "b2", "a13", "a14", "a15"]);
  });

  it("drops frames of the peer that sends most, and none of the others", () => {
    for (const size of [1, 100_000]) {
      const script = new Script();
      script.flood(1, 10);
      const large = new Uint8Array(size);
      for (let i = 0; i < 20_000; i++) {
        script.intake.receive("a", large);
        if (i % 400 !== 399) continue;
        for (const peer of ["b", "c", "d"]) script.intake.receive(peer, Uint8Array.of(i / 400));
      }
      script.turn();
      for (const peer of ["b", "c", "d"]) {
        const numbers = script.handled.filter((what) => what.startsWith(peer));
        assertEquals(numbers.length, 50, `${peer}, beside frames of ${size} bytes`);
      }
      assertEquals(script.handled.length + script.intake.lost, 20_160);
    }
  });

  it("hands nothing on and leaves no timer behind once it is closed", () => {
    const script = new Script();
    script.flood(1, 50);
    script.intake.close();
    assertEquals(script.timers.length, 0);
    script.receive(51);
    assertEquals(script.handled, frames(1, 10));
  });

  it("hands the rest of a frame on at once while timers run in time and no other frame waits", () => {
    const script = new Script();
    assertEquals(script.receive(1, 4, 3), undefined);
    assertEquals(script.handled, ["a1", "a1'''", "a1''", "a1'"]);
    assertEquals([script.timers.length, script.dropped], [1, []]);
  });

  it("lets others have their turns before the rest of a frame, and that before later frames", () => {
    const script = new Script();
    script.flood(1, 10);
    script.receive(11, 4, 3);
    script.receive(12);
    for (const number of [1, 2]) script.intake.receive("b", Uint8Array.of(number));
    script.handled.length = 0;
    script.turn();
    assertEquals(script.handled, ["a11", "b1", "a11'''", "b2", "a11''", "a11'", "a12"]);
  });

  it("hands the rest of a frame on before what its handling brings, also behind late timers", () => {
    for (const cost of [0, 11]) {
      const script = new Script();
      script.cost = cost;
      const wait = script.receive(1, 7, 2);
      // Not within the handling of the first part.
      assertEquals(script.handled, cost === 0 ? ["a1", "a1''", "a1'", "a2"] : ["a1"]);
      assertEquals(wait === undefined, cost === 0);
      while (script.timers.length > 0) script.turn();
      assertEquals(script.handled, ["a1", "a1''", "a1'", "a2"]);
    }
  });

  it("gives timers their turns between the parts of a frame", async () => {
    const script = new Script();
    script.cost = 1;
    const wait = script.receive(1, 4, 100);
    let isOver = false;
    void wait?.then(() => isOver = true);
    const counts: number[] = [];
    while (script.timers.length > 0) {
      counts.push(script.handled.length);
      await turn();
      assertEquals(isOver, script.handled.length === 101);
      script.turn();
    }
    assertEquals(counts, [10, 30, 50, 70, 90, 101]);
    assertEquals(script.offTime, 0);
    assertEquals(script.receive(2), undefined);
  });

  it("counts the rest of a frame as long as the frame, which may lose its room", () => {
    const script = new Script();
    script.flood(1, 10);
    const part = new Uint8Array(40 * 2 ** 20);
    part.set([11, 4, 2]);
    void script.intake.receive("a", part);
    script.cost = 10;
    script.turn();
    assertEquals(script.handled.slice(10), ["a11", "a11''"]);
    // More than 64 MiB, of which a has more than half.
    void script.intake.receive("b", new Uint8Array(30 * 2 ** 20));
    assertEquals(script.dropped, [`a ${part.length}`]);
    while (script.timers.length > 0) script.turn();
    assertEquals(script.handled.slice(10), ["a11", "a11''", "b0"]);
    script.time += 1_000;
    assertEquals(script.receive(12), undefined);
  });

  it("keeps the rest of a frame whose peer has lost its room meanwhile", () => {
    const script = new Script();
    script.flood(1, 10);
    script.receive(11, 6, 2);
    void script.intake.receive("a", new Uint8Array(40 * 2 ** 20));
    script.turn();
    // The rest has room again, the frame behind it is lost.
    assertEquals(script.dropped, [`a ${40 * 2 ** 20}`]);
    assertEquals(script.handled.slice(10), ["a11", "b0", "a11''", "a11'"]);
    script.receive(12);
    assertEquals(script.handled.slice(14), ["a12"]);
  });

  it("forgets the rest of a frame when it closes, also while it handles that", () => {
    for (const [number, isAside] of [[1, false], [11, true]] as const) {
      const script = new Script();
      if (isAside) script.flood(1, 10);
      const wait = script.receive(number, 5, 3);
      assertEquals(wait !== undefined, isAside);
      script.turn();
      assertEquals(script.handled.at(-1), `a${number}`);
      assertEquals(script.timers.length, 0);
    }
  });

  it("stops at once when a frame closes it", () => {
    const script = new Script();
    script.flood(1, 10);
    script.receive(11, 3);
    script.receive(12);
    script.turn();
    assertEquals(script.handled, frames(1, 11));
    assertEquals(script.timers.length, 0);
  });
});
