import process from "node:process";
import { describe, it } from "@std/testing/bdd";
import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "@std/assert";
import type { SingletonReply } from "../../lib/singletons/singleton_messages.ts";
import type { CallRequest, ReceivedCall } from "../../lib/singletons/inbox.ts";
import { NumberMap } from "../../lib/paxos/number_map.ts";
import { Random } from "../../testing/random.ts";
import { slowdown } from "../support/colliding_integers.ts";
import { callOf } from "./support/calls.ts";
import { inboxOf, LIFE, OTHER_LIFE, REFUSED, returned, Script } from "./support/inbox_script.ts";

/** The bounds of an inbox; see `lib/singletons/inbox.ts`. */
const MAX_OPEN = 10_000;
const MAX_ANSWERS = 100_000;
const MAX_ANSWER_BYTES = 32 * 2 ** 20;

/** The message of a caller that waits for `waitedFor` and lists at most `most` of them. */
function questionOf(sequence: number, waitedFor: number[], most: number): CallRequest {
  const open = waitedFor.filter((number) => number < sequence).sort((a, b) => a - b);
  const done = (open[0] ?? sequence) - 1;
  const full = open.length > most;
  return callOf("inc", [], { sequence, done, open: open.slice(0, most), full });
}

/** Takes calls of a caller that waits for all of these attempts, which it names in each call. */
function receiveAll(numbers: readonly number[]): void {
  const inbox = inboxOf(() => {}, () => 0);
  const last = numbers[numbers.length - 1];
  for (let i = 1; i <= 50; i++) {
    const call = callOf("inc", [], { sequence: last + i, done: 0, open: numbers, full: true });
    inbox.receive("w1", LIFE, call, () => {});
  }
}

describe("an inbox under attack", () => {
  it("judges an attempt once, and not again with each later message", () => {
    const count = 500;
    const { delete: remove } = NumberMap.prototype;
    let judged = 0;
    // What is over waits no more: it is taken out of those that were refused as too many.
    NumberMap.prototype.delete = function (number) {
      judged++;
      return remove.call(this, number);
    };
    try {
      const script = new Script();
      for (let i = 1; i <= count; i++) script.arrive(7 * i, { open: [] });
      assertEquals(script.handed.length, count);
    } finally {
      NumberMap.prototype.delete = remove;
    }
    assertGreaterOrEqual(judged, count - 1);
    assertLess(judged, 2 * count);
  });

  it("takes no longer for attempts whose numbers collide in a Set", () => {
    assertLess(slowdown(1_000, receiveAll), 10);
  });

  it("takes no longer for attempts whose numbers collide in a Map", () => {
    const ratio = slowdown(9_000, (numbers) => {
      const inbox = inboxOf(() => {}, () => 0);
      for (const sequence of numbers) {
        inbox.receive("w1", LIFE, callOf("inc", [], { sequence }), () => {});
      }
      assertEquals(inbox.size, numbers.length);
    });
    // With a Map of numbers: four.
    assertLess(ratio, 2.5);
  });

  it("hands on many attempts between which others are over in one turn", () => {
    const count = MAX_OPEN - 1;
    const handOn = () => {
      const script = new Script();
      for (let i = 1; i <= count; i++) script.arrive(2 * i, { open: [1] });
      assertEquals(script.handed, []);
      const start = process.cpuUsage();
      script.arrive(2 * count + 2, { open: [] });
      const { user, system } = process.cpuUsage(start);
      assertEquals(script.handed, Array.from({ length: count + 1 }, (_, i) => 2 * (i + 1)));
      return (user + system) / 1_000;
    };
    // Milliseconds of the processor. Without an order of the numbers each gap took a look at all of them: one and a
    // half seconds. The shortest of three counts, since other work on the machine only ever makes it longer.
    assertLess(Math.min(handOn(), handOn(), handOn()), 500);
  });
});

describe("an inbox", () => {
  it("hands an attempt on once, however often it arrives, and answers `running`", () => {
    const script = new Script().arrive(1).arrive(1).arrive(1);
    assertEquals(script.handed, [1]);
    assertEquals(script.told, ["1: running", "1: running"]);
    script.answer(1);
    assertEquals(script.told.slice(2), ["1: refused"]);
  });

  it("answers `begun` when an attempt that has begun arrives again", () => {
    const script = new Script().arrive(1).arrive(2).begin(1).arrive(1).arrive(2);
    assertEquals(script.told, ["1: begun", "2: running"]);
    script.answer(1).arrive(1);
    assertEquals(script.told.slice(2), ["1: refused", "1: refused"]);
  });

  it("repeats the answer when the attempt arrives again", () => {
    const script = new Script(() => REFUSED).arrive(1).arrive(1).arrive(2).arrive(1);
    assertEquals(script.handed, [1, 2]);
    assertEquals(script.told, ["1: refused", "1: refused", "2: refused", "1: refused"]);
  });

  it("sends the answer on the route by which the attempt arrived last", () => {
    let received!: ReceivedCall;
    const inbox = inboxOf((one) => void (received = one), () => 0);
    const told: string[] = [];
    for (const way of ["first", "second"]) {
      inbox.receive("w1", LIFE, callOf("inc"), ({ type }) => told.push(`${way}: ${type}`));
    }
    received.reply(REFUSED);
    assertEquals(told, ["second: running", "second: refused"]);
  });

  it("takes the first answer, and ignores every later one", () => {
    const script = new Script().arrive(1).answer(1).answer(1, { type: "busy" }).arrive(1);
    assertEquals(script.told, ["1: refused", "1: refused"]);
  });

  it("hands the attempts of one caller on in the order of their numbers", () => {
    const script = new Script();
    for (const sequence of [3, 2, 5]) script.arrive(sequence);
    assertEquals([script.handed, script.told], [[], []]);
    script.arrive(1);
    assertEquals(script.handed, [1, 2, 3]);
    script.arrive(4);
    assertEquals(script.handed, [1, 2, 3, 4, 5]);
  });

  it("answers `running` when an attempt that waits for an earlier one arrives again", () => {
    const script = new Script().arrive(2).arrive(2);
    assertEquals([script.handed, script.told], [[], ["2: running"]]);
  });

  it("separates callers, and the lives of one caller", () => {
    const script = new Script();
    script.arrive(1).arrive(1, { life: OTHER_LIFE, node: "w2" }).arrive(2).arrive(1);
    assertEquals(script.handed, [1, 1, 2]);
    assertEquals(script.told, ["1: running"]);
    script.arrive(3, { life: OTHER_LIFE, node: "w2" });
    assertEquals(script.handed, [1, 1, 2]);
    assertEquals(script.inbox.callers.sort(), ["w1", "w2"]);
  });

  it("does not wait for attempts that the caller is done with: they may have been lost", () => {
    const script = new Script().arrive(4);
    script.arrive(5, { done: 2 });
    assertEquals(script.handed, []);
    script.arrive(5, { done: 3 });
    assertEquals(script.handed, [4, 5]);
  });

  it("never hands on a late attempt that the caller is done with", () => {
    const script = new Script().arrive(2).arrive(4, { done: 3 });
    for (const sequence of [1, 2, 3, 2]) script.arrive(sequence);
    assertEquals(script.handed, [4]);
    assertEquals(script.told, []);
  });

  it("never hands on again an attempt that it has forgotten", () => {
    const script = new Script(() => REFUSED);
    for (const sequence of [1, 2, 3]) script.arrive(sequence);
    script.arrive(4, { done: 2, open: [] });
    for (const sequence of [1, 2, 3]) script.arrive(sequence, { done: 0 });
    assertEquals(script.handed, [1, 2, 3, 4]);
    assertEquals(script.told.slice(4), []);
  });

  it("treats an attempt that declares itself done as not done", () => {
    const script = new Script(() => REFUSED).arrive(1, { done: 7 });
    assertEquals([script.handed, script.told], [[1], ["1: refused"]]);
    // Its statement about later attempts is ignored.
    script.arrive(2, { done: 1 });
    assertEquals(script.handed, [1, 2]);
  });

  it("does not wait for attempts that are over for their caller while an earlier one runs", () => {
    const script = new Script().arrive(1).arrive(4);
    assertEquals(script.handed, [1]);
    script.arrive(5, { open: [1, 4] });
    assertEquals(script.handed, [1, 4, 5]);
    for (const sequence of [2, 3]) script.arrive(sequence);
    assertEquals(script.handed, [1, 4, 5]);
  });

  it("still hands on, in its turn, an attempt that has arrived and is over for its caller", () => {
    // A cast is over for its caller as soon as it is sent.
    const script = new Script().arrive(3).arrive(4, { open: [1, 2] }).arrive(1).arrive(2);
    assertEquals(script.handed, [1, 2, 3, 4]);
  });

  it("learns from a full list only up to its last number", () => {
    const script = new Script().arrive(1);
    script.arrive(6, { open: [1, 3], full: true });
    script.arrive(3);
    assertEquals(script.handed, [1, 3]);
    for (const sequence of [2, 4]) script.arrive(sequence);
    assertEquals(script.handed, [1, 3, 4]);
    script.arrive(5);
    assertEquals(script.handed, [1, 3, 4, 5, 6]);
  });

  it("learns from a resent attempt which attempts were given up since", () => {
    const script = new Script().arrive(1).arrive(3, { open: [1, 2] });
    assertEquals(script.handed, [1]);
    script.arrive(3, { open: [1] });
    assertEquals(script.handed, [1, 3]);
  });

  it("learns the same below later attempts, and forgets nothing because of delayed messages", () => {
    const script = new Script().arrive(1);
    script.arrive(4, { open: [1, 2, 3] }).arrive(6, { open: [1, 2, 3, 4, 5] });
    script.arrive(4, { open: [1, 3] }).arrive(4, { open: [1, 2, 3] });
    script.arrive(3, { open: [1] });
    assertEquals(script.handed, [1, 3, 4]);
    script.arrive(6, { open: [1, 3, 4] });
    assertEquals(script.handed, [1, 3, 4, 6]);
  });

  it("skips any number of attempts that never arrive in one step", () => {
    const script = new Script().arrive(1).arrive(2 ** 50, { open: [1] });
    assertEquals(script.handed, [1, 2 ** 50]);
    script.arrive(2).arrive(2 ** 50 + 2, { open: [1, 2 ** 50] });
    assertEquals(script.handed, [1, 2 ** 50, 2 ** 50 + 2]);
  });

  it("keeps no answer to an attempt that the caller was done with while it ran", () => {
    const script = new Script().arrive(1).arrive(2, { done: 1 }).arrive(1);
    script.answer(1).arrive(1);
    assertEquals(script.handed, [1, 2]);
    assertEquals(script.told.filter((text) => text.includes("running")), []);
    assertEquals(script.inbox.size, 1);
  });

  it("remembers nothing of attempts that the caller is done with: 50,000 calls, one after the other", () => {
    const script = new Script(() => returned(100));
    for (let sequence = 1; sequence <= 50_000; sequence++) {
      script.arrive(sequence, { done: sequence - 1, open: [] });
      assertLessOrEqual(script.inbox.size, 1);
    }
    assertEquals(script.handed.length, 50_000);
  });

  it("remembers little while one call takes long: its caller tells which ones it waits for", () => {
    const script = new Script(({ sequence }) => sequence === 1 ? undefined : returned(100));
    script.arrive(1);
    for (let sequence = 2; sequence <= 50_000; sequence++) {
      script.arrive(sequence, { open: [1] });
      assertLessOrEqual(script.inbox.size, 2);
    }
    assertEquals(script.handed.length, 50_000);
    script.answer(1);
    assertEquals(script.told.at(-1), "1: refused");
  });

  it("keeps no more than 100,000 answers, the latest ones", () => {
    const script = new Script(() => returned(1));
    const lives = 500;
    for (let n = 0; n < MAX_ANSWERS + lives; n++) {
      const said = { life: `${LIFE}/${n % lives}`, open: [1], full: true };
      script.arrive(1 + Math.floor(n / lives), n < lives ? { life: said.life } : said);
    }
    assertEquals(script.inbox.size, MAX_ANSWERS);
    const told = script.told.length;
    // The answers of the first callers are forgotten, but not that their calls ran; those of the last ones
    // are kept.
    for (const life of ["0", "499"]) script.arrive(1, { life: `${LIFE}/${life}` });
    assertEquals(script.told.length, told);
    script.arrive(2, { life: `${LIFE}/0` });
    assertEquals(script.told.length, told + 1);
    assertEquals(script.handed.length, MAX_ANSWERS + lives);
  });

  it("keeps no more than 32 MiB of answers, for all callers together", () => {
    const script = new Script(() => returned(2 ** 20));
    for (let n = 1; n <= 100; n++) script.arrive(1, { life: `${LIFE}/${n}` });
    const most = Math.floor(MAX_ANSWER_BYTES / (2 ** 20 + 1));
    assertEquals(script.inbox.size, most);
    // Answers that their callers have make room for others.
    for (let n = 69; n <= 100; n++) script.arrive(2, { life: `${LIFE}/${n}`, done: 1 });
    assertEquals(script.inbox.size, most);
    script.arrive(2, { life: `${LIFE}/100` });
    assertEquals(script.told.at(-1), "2: returned");
  });

  it("counts the texts of errors among these bytes, and an overhead for each answer", () => {
    const message = "x".repeat(10_000);
    for (const type of ["threw", "failed"] as const) {
      const failure = { name: "Error", message, code: null, cause: null };
      const script = new Script(() => ({ type, byHost: false, failure }));
      for (let n = 1; n <= 5_000; n++) script.arrive(n, { open: [1], full: true });
      assertLessOrEqual(script.inbox.size * 20_000, MAX_ANSWER_BYTES);
    }
  });

  it("is busy for a caller with 10,000 open attempts, and only for that caller", () => {
    const script = new Script();
    for (let sequence = 1; sequence <= MAX_OPEN; sequence++) {
      script.arrive(sequence, { open: [1], full: true });
    }
    script.arrive(MAX_OPEN + 1).arrive(MAX_OPEN + 1);
    assertEquals(script.told, Array(2).fill(`${MAX_OPEN + 1}: busy`));
    script.arrive(1, { life: OTHER_LIFE });
    assertEquals(script.handed.length, MAX_OPEN + 1);
    script.answer(2);
    // The caller was told that this attempt never runs, so it never does.
    script.arrive(MAX_OPEN + 1);
    assertEquals(script.handed.length, MAX_OPEN + 1);
    script.arrive(MAX_OPEN + 2);
    assertEquals(script.handed.at(-1), MAX_OPEN + 2);
  });

  it("answers `busy` again for a busy attempt, also if others were handed on since", () => {
    const script = new Script();
    for (let sequence = 1; sequence <= MAX_OPEN + 1; sequence++) {
      script.arrive(sequence, { open: [1], full: true });
    }
    script.answer(1).arrive(MAX_OPEN + 2);
    script.told.length = 0;
    script.arrive(MAX_OPEN + 1);
    assertEquals(script.told, [`${MAX_OPEN + 1}: busy`]);
  });

  it("hands each attempt on at most once and in order on any network", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(`inbox ${seed}`);
      const pending = new Map<number, ReceivedCall>();
      const handed: number[] = [];
      const inbox = inboxOf((received) => {
        const { sequence } = received.call;
        handed.push(sequence);
        pending.set(sequence, received);
      }, () => 0);
      const open = new Set<number>();
      const answers = new Map<number, string>();
      const underWay: CallRequest[] = [];
      let last = 0;
      const send = (sequence: number) => {
        underWay.push(questionOf(sequence, [...open], random.integer(1, 8)));
      };
      const settle = (sequence: number, { type }: SingletonReply) => {
        if (type === "running") return;
        // An attempt never has two different answers.
        assertEquals(answers.get(sequence) ?? type, type);
        answers.set(sequence, type);
        open.delete(sequence);
      };
      for (let step = 0; step < 400; step++) {
        const what = random.integer(0, 9);
        if (what < 2 && last < 60) open.add(++last);
        if (what < 4 && open.size > 0) send(random.pick([...open]));
        if (what === 4 && open.size > 0) {
          // The caller gives up an attempt, sent or not.
          open.delete(random.pick([...open]));
        }
        if (what >= 5 && underWay.length > 0) {
          const call = underWay.splice(random.integer(0, underWay.length - 1), 1)[0];
          if (random.chance(0.3)) underWay.push(call);
          if (random.chance(0.2)) continue;
          inbox.receive("w1", LIFE, call, (answer) => {
            if (!random.chance(0.3)) settle(call.sequence, answer);
          });
        }
        if (what === 9 && pending.size > 0) {
          const [sequence, { reply }] = random.pick([...pending]);
          pending.delete(sequence);
          reply(random.chance(0.5) ? REFUSED : returned(sequence));
        }
      }
      assertEquals(handed.toSorted((a, b) => a - b), handed);
      assertEquals(new Set(handed).size, handed.length);
      // Then the network recovers: every open call gets its answer.
      for (const sequence of open) assertGreaterOrEqual(last, sequence);
      for (let round = 0; open.size > 0; round++) {
        assertLess(round, 3, `seed ${seed}: ${[...open]} are never answered`);
        for (const sequence of [...open].sort((a, b) => a - b)) {
          const call = questionOf(sequence, [...open], 1_000);
          inbox.receive("w1", LIFE, call, (answer) => settle(sequence, answer));
        }
        for (const [sequence, { reply }] of pending) {
          pending.delete(sequence);
          reply(returned(sequence));
        }
      }
      assertEquals(new Set(handed).size, handed.length);
      if (seed === 0) assertGreater(handed.length, 10);
    }
  });
});
