import { describe, it } from "@std/testing/bdd";
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import {
  type Ballot,
  compareBallots,
  floorBallot,
  LamportClock,
  LIFE_PATTERN,
  lifeAfter,
  makeLife,
  MAX_COUNTER,
  NO_BALLOT,
} from "../../lib/paxos/ballot.ts";

/** The random numbers of a seed: the same in every run. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const lowest = () => 0;
const highest = () => 1 - 2 ** -53;

describe("makeLife()", () => {
  it("makes lives that match LIFE_PATTERN, for any time and any random numbers", () => {
    for (const time of [0, 1, 63, 64, 1_700_000_000_000, 2 ** 48 - 1]) {
      for (const random of [lowest, highest, chance(time)]) {
        assertMatch(makeLife(time, random), LIFE_PATTERN);
      }
    }
  });

  it("orders lives by their time, with any random bits", () => {
    // Around every carry of a digit, and now.
    const times = [0, 1_700_000_000_000, 1_900_000_000_123];
    for (let power = 64; power < 2 ** 48; power *= 64) times.push(power - 1, power, power + 1);
    times.sort((a, b) => a - b);
    for (let i = 1; i < times.length; i++) {
      assertLess(makeLife(times[i - 1], highest), makeLife(times[i], lowest));
    }
  });

  it("agrees with the order of times for random pairs", () => {
    const random = chance(1);
    for (let i = 0; i < 2_000; i++) {
      const a = Math.floor(random() * 2 ** 48);
      const b = Math.floor(random() * 2 ** 48);
      if (a === b) continue;
      assertEquals(makeLife(a, random) < makeLife(b, random), a < b, `${a} and ${b}`);
    }
  });

  it("has at least 64 random bits: all 24 bits of each of its three draws are visible", () => {
    const withDraw = (which: number, value: number) => {
      let draw = 0;
      return makeLife(1_700_000_000_000, () => draw++ === which ? value / 2 ** 24 : 0);
    };
    const seen = new Set<string>();
    for (const which of [0, 1, 2]) {
      for (let bit = 0; bit < 24; bit++) seen.add(withDraw(which, 2 ** bit));
    }
    assertEquals(seen.size, 72);
  });

  it("drops fractions of a millisecond, and clamps to the times that it can represent", () => {
    assertEquals(makeLife(1234.9, lowest), makeLife(1234, lowest));
    assertEquals(makeLife(-5, lowest), makeLife(0, lowest));
    assertEquals(makeLife(2 ** 60, lowest), makeLife(2 ** 48 - 1, lowest));
  });
});

describe("lifeAfter()", () => {
  it("ranks above the life, with any random bits in either", () => {
    for (const time of [0, 63, 64 ** 4 - 1, 1_700_000_000_000, 2 ** 48 - 2]) {
      assertGreater(lifeAfter(makeLife(time, highest), lowest), makeLife(time, highest));
    }
  });

  it("begins one millisecond later, no more", () => {
    const random = chance(2);
    const life = makeLife(1_700_000_000_000, random);
    assertEquals(lifeAfter(life, lowest), makeLife(1_700_000_000_001, lowest));
  });

  it("takes new random bits: two of them after one life differ", () => {
    const random = chance(3);
    const life = makeLife(1_700_000_000_000, random);
    assertNotEquals(lifeAfter(life, random), lifeAfter(life, random));
  });
});

describe("LIFE_PATTERN", () => {
  it("accepts nothing else from the network", () => {
    const life = makeLife(1_700_000_000_000, chance(4));
    const others = ["", life.slice(1), `${life}0`, `${life}\n`, ` ${life.slice(1)}`];
    // "~" must sort above every life, "/" separates the parts of a session's id.
    for (const sign of ["~", "/", ".", "é", "\0"]) others.push(sign + life.slice(1));
    for (const other of others) assert(!LIFE_PATTERN.test(other), JSON.stringify(other));
  });
});

describe("compareBallots()", () => {
  const lives = ["", ...[1, 2, 3].map((seed) => makeLife(1_700_000_000_000 + seed, chance(seed)))];
  const ballots: Ballot[] = [0, 1, 2, 9, 10, MAX_COUNTER - 1].flatMap((counter) =>
    [...lives, "~"].map((life) => ({ counter, life }))
  );

  it("orders by counter first, then by life", () => {
    assertLess(compareBallots({ counter: 1, life: "b" }, { counter: 2, life: "a" }), 0);
    assertLess(compareBallots({ counter: 2, life: "a" }, { counter: 2, life: "b" }), 0);
    assertLess(compareBallots({ counter: 9, life: "a" }, { counter: 10, life: "a" }), 0);
  });

  it("is a total order", () => {
    const sign = (a: Ballot, b: Ballot) => Math.sign(compareBallots(a, b));
    for (const a of ballots) {
      for (const b of ballots) {
        // Only a ballot itself is equal to it, and swapping the arguments flips the sign.
        assertEquals(sign(a, b) === 0, a === b);
        assertEquals(sign(a, b) + sign(b, a), 0);
        for (const c of ballots) {
          if (sign(a, b) < 0 && sign(b, c) < 0) assertEquals(sign(a, c), -1);
        }
      }
    }
  });

  it("treats ballots with the same content as equal", () => {
    assertEquals(compareBallots({ counter: 7, life: lives[1] }, { counter: 7, life: lives[1] }), 0);
  });

  it("puts NO_BALLOT below every ballot that a proposer can choose", () => {
    for (const life of lives.slice(1)) {
      assertLess(compareBallots(NO_BALLOT, { counter: 1, life }), 0);
      assertLess(compareBallots(NO_BALLOT, { counter: 0, life }), 0);
    }
    assertThrows(() => Object.assign(NO_BALLOT, { counter: 1 }), TypeError);
  });
});

describe("floorBallot()", () => {
  it("is at or above every ballot up to its counter, and below every later one", () => {
    for (const floor of [0, 1, 5, MAX_COUNTER - 2]) {
      for (const random of [lowest, highest, chance(floor)]) {
        for (const time of [0, 1_700_000_000_000, 2 ** 48 - 1]) {
          const life = makeLife(time, random);
          assertGreater(compareBallots(floorBallot(floor), { counter: floor, life }), 0);
          assertLess(compareBallots(floorBallot(floor), { counter: floor + 1, life }), 0);
        }
      }
    }
  });
});

describe("LamportClock", () => {
  it("begins at zero, and its first counter is one", () => {
    const clock = new LamportClock();
    assertEquals(clock.counter, 0);
    assertEquals(clock.next(), 1);
    assertEquals(clock.counter, 1);
  });

  it("next() is above every counter that it returned or observed", () => {
    const clock = new LamportClock();
    const random = chance(5);
    let top = 0;
    for (let i = 0; i < 1_000; i++) {
      if (random() < 0.5) {
        const observed = Math.floor(random() * 1_000_000);
        clock.observe(observed);
        top = Math.max(top, observed);
      } else {
        const next = clock.next();
        assertGreater(next, top);
        top = next;
      }
      assertEquals(clock.counter, top);
    }
  });

  it("observe() of a lower counter changes nothing", () => {
    const clock = new LamportClock();
    clock.observe(10);
    clock.observe(3);
    assertEquals(clock.next(), 11);
  });

  it("observe() ignores a counter of MAX_COUNTER or more, and anything that is not a number", () => {
    const clock = new LamportClock();
    for (const bad of [MAX_COUNTER, MAX_COUNTER + 1, 2 ** 53, Infinity, NaN]) clock.observe(bad);
    assertEquals(clock.counter, 0);
    clock.observe(MAX_COUNTER - 1);
    assertEquals(clock.counter, MAX_COUNTER - 1);
  });

  it("next() throws RangeError when the counters are used up, and returns none twice", () => {
    const clock = new LamportClock();
    clock.observe(MAX_COUNTER - 2);
    assertEquals(clock.next(), MAX_COUNTER - 1);
    assertThrows(() => clock.next(), RangeError);
    assertThrows(() => clock.next(), RangeError);
    assertEquals(clock.counter, MAX_COUNTER - 1);
  });

  it("counts exactly up to MAX_COUNTER: no two counters coincide", () => {
    const clock = new LamportClock();
    clock.observe(MAX_COUNTER - 102);
    let last = clock.counter;
    for (let i = 0; i < 100; i++) {
      const next = clock.next();
      assertEquals(next - last, 1);
      assert(Number.isSafeInteger(next));
      last = next;
    }
  });
});
