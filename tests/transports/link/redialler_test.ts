// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { beforeEach, describe, it } from "@std/testing/bdd";
import { backoffOf } from "../../../transports/link/backoff.ts";
import { type AttemptEvents, Redialler } from "../../../transports/link/redialler.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

const MEMBER = backoffOf({ sessionTtl: 5_000, members: ["self"] }, "self");
const CLIENT = backoffOf({ sessionTtl: 5_000, members: ["other"] }, "self");

/** The time limit of one attempt in these tests, in milliseconds: as that of `webSocket`. */
const LIMIT = 10_000;

/** One attempt, which the test continues. */
interface Dial extends AttemptEvents {
  readonly at: number;
  stopped: boolean;
}

/** A link whose way can be cut: attempts hang while it is cut, and connect 20 ms after their begin otherwise. */
class Link {
  readonly dials: Dial[] = [];
  readonly connections: number[] = [];
  failures = 0;
  readonly reasons: string[] = [];
  /** `answers`: connects; `hangs`: nothing happens; `fails`: ends at once; `refuses`: with a refusal. */
  way: "answers" | "hangs" | "fails" | "refuses" = "answers";
  isAlone = true;
  readonly redialler: Redialler;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime, times = MEMBER) {
    this.#time = time;
    const { now, setTimer } = time.runtime;
    this.redialler = new Redialler({
      times,
      time: time.runtime,
      isAlone: () => this.isAlone,
      onBegin: () => {},
      onFailed: (why) => this.reasons.push(why),
      onHopeless: () => this.failures++,
      begin: (events) => {
        const connected = () => {
          cancel();
          events.connected();
        };
        const dial: Dial = { ...events, connected, at: now(), stopped: false };
        this.dials.push(dial);
        const { way } = this;
        let cancel = () => {};
        const end = (refused: boolean) => {
          dial.stopped = true;
          events.ended(refused, way);
        };
        if (way === "answers") {
          cancel = setTimer(() => {
            this.connections.push(now());
            events.connected();
          }, 20);
        } else if (way === "hangs") {
          cancel = setTimer(() => end(false), LIMIT);
        } else {
          cancel = setTimer(() => end(way === "refuses"), 1);
        }
        return {
          missing: "no answer",
          stop: () => {
            dial.stopped = true;
            cancel();
          },
        };
      },
    });
  }

  /** The attempts and connections that have not ended. */
  get open(): Dial[] {
    return this.dials.filter(({ stopped }) => !stopped);
  }

  get #now(): number {
    return this.#time.runtime.now();
  }

  /** Milliseconds from now until it is connected. */
  async healing(): Promise<number> {
    const begun = this.#now;
    const { length } = this.connections;
    while (this.connections.length === length) {
      await this.#time.pass(5);
      assertLess(this.#now - begun, 60_000);
    }
    return this.#now - begun;
  }
}

describe("Redialler", () => {
  let time: VirtualTime;

  beforeEach(() => {
    time = new VirtualTime();
  });

  it("uses a way that heals within a second, whether attempts failed or hang", async () => {
    for (const way of ["hangs", "fails"] as const) {
      for (let cut = 100; cut < 15_000; cut += 371) {
        const link = new Link(time);
        link.way = way;
        link.redialler.start();
        await time.pass(cut);
        link.way = "answers";
        assertLessOrEqual(await link.healing(), 725, `${way} for ${cut} ms`);
        link.redialler.stop();
      }
    }
    assertEquals(time.timers, 0);
  });

  it("has at most two attempts under way: the oldest, as long as it may take, and the latest", async () => {
    const link = new Link(time);
    link.way = "hangs";
    link.redialler.start();
    for (let passed = 0; passed < LIMIT - 1_000; passed += 100) {
      await time.pass(100);
      assertLessOrEqual(link.open.length, 2);
    }
    assertEquals(link.open[0], link.dials[0]);
    assertEquals(link.open[1], link.dials[link.dials.length - 1]);
    assert(link.dials.length > 10, `${link.dials.length}`);
    // Frames that wait for a connection are dropped each time.
    assertEquals(link.failures, link.dials.length - 1);
    assertEquals(
      /^no answer after (5[2-9]\d|6\d\d|700) ms$/.test(link.reasons[0]),
      true,
      link.reasons[0],
    );
    // On a slow network the oldest may succeed; the other one ends then.
    link.dials[0].connected();
    assertEquals(link.open, [link.dials[0]]);
    await time.pass(60_000);
    assertEquals([link.open, time.timers], [[link.dials[0]], 0]);
    link.redialler.stop();
    assertEquals([link.open, time.timers], [[], 0]);
  });

  it("hint() tries at once when it waits, and begins with short waits again", async () => {
    const link = new Link(time, CLIENT);
    link.isAlone = false;
    link.way = "fails";
    link.redialler.start();
    await time.pass(60_000);
    const { length } = link.dials;
    link.redialler.hint();
    assertEquals(link.dials.length, length + 1);
    link.redialler.stop();
  });

  it("hint() just behind an attempt that was too early tries again soon, and not after the longest wait", async () => {
    const { first } = CLIENT;
    const link = new Link(time, CLIENT);
    link.isAlone = false;
    link.way = "fails";
    link.redialler.start();
    await time.pass(60_000);
    const { length } = link.dials;
    while (link.dials.length === length) await time.pass(1);
    await time.pass(2);
    const hinted = time.runtime.now();
    link.redialler.hint();
    assertEquals(link.dials.length, length + 1);
    await time.pass(first / 4);
    assertEquals(link.dials.length, length + 2);
    assertLessOrEqual(link.dials.at(-1)!.at - hinted, first / 4);
    link.redialler.stop();
  });

  it("hint() tries at most once in a while, since a peer may be heard all the time by another way", async () => {
    const link = new Link(time);
    link.way = "fails";
    link.redialler.start();
    for (let i = 0; i < 1_000; i++) {
      await time.pass(10);
      link.redialler.hint();
    }
    // About two a second by itself, with waits that begin again, and one more.
    assertLess(link.dials.length, 60);
    link.redialler.stop();
  });

  it("hint() does nothing while there is a connection", async () => {
    const link = new Link(time);
    link.redialler.start();
    await time.pass(1_000);
    link.redialler.hint(true);
    assertEquals([link.dials.length, link.connections.length], [1, 1]);
    link.redialler.stop();
  });

  it("hint() tries after a refusal only if the peer has accepted this node's proof", async () => {
    const link = new Link(time);
    link.way = "refuses";
    link.redialler.start();
    await time.pass(5_000);
    link.redialler.hint();
    assertEquals(link.dials.length, 1);
    link.redialler.hint(true);
    assertEquals(link.dials.length, 2);
    link.redialler.stop();
  });

  it("suspect() tries beside a silent connection, which the next one replaces", async () => {
    const link = new Link(time);
    link.redialler.start();
    await time.pass(100);
    link.redialler.suspect();
    assertEquals(link.open.length, 2);
    await time.pass(100);
    assertEquals(link.open, [link.dials[1]]);
    await time.pass(60_000);
    assertEquals(link.dials.length, 2);
    link.redialler.stop();
  });

  it("trust() keeps a connection that was only slow", async () => {
    const link = new Link(time);
    link.redialler.start();
    await time.pass(100);
    link.way = "hangs";
    link.redialler.suspect();
    await time.pass(2_000);
    link.redialler.trust();
    assertEquals(link.open, [link.dials[0]]);
    await time.pass(60_000);
    assertEquals(link.open, [link.dials[0]]);
    link.redialler.stop();
    assertEquals(time.timers, 0);
  });

  it("goes on when a silent connection is lost while an attempt hangs", async () => {
    const link = new Link(time);
    link.redialler.start();
    await time.pass(100);
    link.way = "hangs";
    link.redialler.suspect();
    link.dials[0].ended(false, "lost");
    await time.pass(4_000);
    link.way = "answers";
    assertLessOrEqual(await link.healing(), 725);
    link.redialler.stop();
  });

  it("makes no attempt after stop()", async () => {
    const link = new Link(time);
    link.way = "fails";
    link.redialler.start();
    await time.pass(500);
    link.redialler.stop();
    const { length } = link.dials;
    link.redialler.hint(true);
    link.redialler.suspect();
    await time.pass(60_000);
    assertEquals(link.dials.length, length);
  });

  it("rest() ends the attempts, and resume() makes them again", async () => {
    const link = new Link(time);
    link.way = "hangs";
    link.redialler.start();
    await time.pass(500);
    link.redialler.rest();
    link.redialler.rest();
    assertEquals([link.open, time.timers, link.failures], [[], 0, 1]);
    const { length } = link.dials;
    link.redialler.start();
    link.redialler.hint(true);
    await time.pass(60_000);
    assertEquals(link.dials.length, length);
    link.redialler.resume();
    link.redialler.resume();
    assertEquals(link.dials.length, length + 1);
    link.redialler.stop();
    assertEquals([link.open, time.timers], [[], 0]);
  });

  it("rest() lets a connection go on, and makes none after it", async () => {
    const link = new Link(time);
    link.redialler.start();
    await time.pass(100);
    link.redialler.rest();
    link.redialler.suspect();
    assertEquals([link.open.length, link.dials.length, link.failures], [1, 1, 0]);
    // While it goes on, another one is not needed.
    link.redialler.resume();
    await time.pass(60_000);
    assertEquals(link.dials.length, 1);
    link.redialler.rest();
    link.dials[0].ended(false, "lost");
    await time.pass(60_000);
    // Frames that wait for another one are of no use.
    assertEquals([link.dials.length, link.failures, time.timers], [1, 1, 0]);
    link.redialler.resume();
    assertEquals(link.dials.length, 2);
    link.redialler.stop();
  });

  /** The counts of `times` in bins of 100 ms from `begin` on. */
  function histogram(times: readonly number[], begin: number): number[] {
    const bins: number[] = [];
    for (const time of times) {
      const bin = Math.floor((time - begin) / 100);
      if (bin >= 0) bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return Array.from(bins, (count) => count ?? 0);
  }

  for (const isAlone of [true, false]) {
    const where = isAlone ? "their only server" : "one server of several";
    for (const way of ["fails", "hangs"] as const) {
      it(`1,000 clients that lose ${where} come back spread over time (${way})`, async () => {
        const links = Array.from({ length: 1_000 }, () => new Link(time, CLIENT));
        for (const link of links) {
          link.isAlone = isAlone;
          link.redialler.start();
        }
        await time.pass(20_000);
        const lost = time.runtime.now();
        for (const link of links) {
          link.way = way;
          link.dials[0].ended(false, "lost");
        }
        await time.pass(8_000);
        const back = time.runtime.now();
        for (const link of links) link.way = "answers";
        await time.pass(4_000);
        const attempts = histogram(links.flatMap(({ dials }) => dials.map(({ at }) => at)), lost);
        const returns = histogram(links.flatMap(({ connections }) => connections), back);
        assertEquals(links.every(({ connections }) => connections.length === 2), true);
        // At no time more than a third of them within a tenth of a second.
        assertLess(Math.max(...attempts), 333, `attempts ${attempts}`);
        assertLess(Math.max(...returns), 333, `returns ${returns}`);
        const perSecond = attempts.slice(20, 70).reduce((sum, count) => sum + count) / 5;
        assertLess(perSecond, isAlone ? 2_500 : 1_250, `attempts a second`);
        for (const link of links) link.redialler.stop();
      });
    }
  }
});
