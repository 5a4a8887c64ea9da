// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { ReceivedCall } from "../../lib/singletons/inbox.ts";
import { MAX_UNSURE } from "../../lib/singletons/singleton_messages.ts";
import { callOf } from "./support/calls.ts";
import { inboxOf, LIFE, OTHER_LIFE } from "./support/inbox_script.ts";

/** Attempts of one caller that are remembered as refused; see `MAX_BUSY`. */
const MAX_BUSY = 10_000;

/** An inbox, and the attempts that it handed on. */
function start() {
  const handed: ReceivedCall[] = [];
  const clock = { now: 0 };
  const inbox = inboxOf((received) => void handed.push(received), () => clock.now);
  const told: string[] = [];
  return {
    ...{ inbox, handed, told, clock },
    arrive(sequence: number, more: Parameters<typeof callOf>[2] = {}, life = LIFE) {
      const open = Array.from({ length: sequence - 1 }, (_, n) => n + 1);
      const call = callOf("inc", [], { sequence, open, ...more });
      inbox.receive("w1", life, call, ({ type }) => told.push(`${sequence}: ${type}`));
    },
    cancel: (sequence: number, { birth = 1, life = LIFE } = {}) =>
      inbox.cancel("w1", life, { birth, sequence }),
    cancelled: () => handed.map(({ cancellation }) => cancellation.isCancelled),
    numbers: () => handed.map(({ call }) => call.sequence),
  };
}

describe("Inbox.cancel() (section 10)", () => {
  it("cancels an attempt that was handed on, however often it comes", () => {
    const { arrive, cancel, cancelled, handed } = start();
    arrive(1);
    arrive(2);
    const { signal } = handed[0].cancellation;
    for (let n = 0; n < 3; n++) cancel(1);
    assertEquals(cancelled(), [true, false]);
    assertEquals((signal.reason as DOMException).name, "AbortError");
    assertEquals(handed[1].cancellation.signal.aborted, false);
  });

  it("keeps back an attempt that arrives later, and not those after it", () => {
    const { arrive, cancel, numbers, told } = start();
    cancel(1);
    cancel(2);
    arrive(3);
    assertEquals(numbers(), [3]);
    arrive(2);
    arrive(1);
    arrive(4);
    assertEquals(numbers(), [3, 4]);
    assertEquals(told, ["2: busy", "1: busy"]);
  });

  it("lets those go on that have waited for it", () => {
    const { arrive, cancel, numbers } = start();
    arrive(2);
    arrive(3);
    assertEquals(numbers(), []);
    cancel(1);
    assertEquals(numbers(), [2, 3]);
  });

  it("waits no more for one that never arrived once it is over for its caller, too", () => {
    const { arrive, cancel, numbers } = start();
    cancel(2);
    arrive(3, { open: [1] });
    assertEquals(numbers(), []);
    arrive(1);
    assertEquals(numbers(), [1, 3]);
  });

  it("keeps back an attempt that waits for an earlier one", () => {
    const { arrive, cancel, numbers, cancelled } = start();
    arrive(2);
    cancel(2);
    arrive(1);
    assertEquals(numbers(), [1, 2]);
    assertEquals(cancelled(), [false, true]);
  });

  it("changes nothing for another caller, another birth or an attempt that is over", () => {
    const { arrive, cancel, cancelled, handed, told, inbox } = start();
    arrive(1);
    cancel(1, { life: OTHER_LIFE });
    cancel(1, { birth: 0 });
    assertEquals(cancelled(), [false]);
    handed[0].reply({ type: "refused" });
    cancel(1);
    arrive(1);
    assertEquals(told, ["1: refused", "1: refused"]);
    arrive(2, { done: 1, open: [] });
    cancel(1);
    assertEquals(cancelled(), [true, false]);
    assertEquals(inbox.size, 2);
  });

  it("remembers a bounded number of attempts that have not arrived", () => {
    const { cancel, inbox } = start();
    for (let n = 2; n < MAX_BUSY + 100; n++) cancel(n);
    assertEquals(inbox.size, MAX_BUSY);
  });

  it("follows from what the caller tells with later attempts", () => {
    const { arrive, cancelled } = start();
    arrive(1);
    arrive(2);
    arrive(3, { open: [2] });
    assertEquals(cancelled(), [true, false, false]);
    arrive(4, { open: [], done: 3 });
    assertEquals(cancelled(), [true, true, true, false]);
  });

  it("does not follow for casts: their callers never wait", () => {
    const { arrive, cancelled } = start();
    arrive(1, { awaited: false });
    arrive(2, { awaited: false, open: [] });
    arrive(3, { open: [], done: 2 });
    assertEquals(cancelled(), [false, false, false]);
  });
});

describe("Inbox.cancelSilent() (section 10)", () => {
  it("cancels what was not asked for again, except casts and what is over", () => {
    const { arrive, cancelled, handed, clock, inbox } = start();
    for (const n of [1, 2, 3]) arrive(n);
    arrive(4, { awaited: false });
    handed[2].reply({ type: "refused" });
    clock.now = 900;
    arrive(2);
    inbox.cancelSilent(1_000);
    assertEquals(cancelled(), [false, false, false, false]);
    clock.now = 1_000;
    inbox.cancelSilent(1_000);
    assertEquals(cancelled(), [true, false, false, false]);
  });

  it("knows whether there is anything to look for", () => {
    const { arrive, handed, inbox } = start();
    assertEquals(inbox.isWaitedFor, false);
    arrive(1);
    arrive(2);
    assertEquals(inbox.isWaitedFor, true);
    for (const { reply } of handed) reply({ type: "refused" });
    assertEquals(inbox.isWaitedFor, false);
  });
});

describe("Inbox.unconfirmed (section 10)", () => {
  it("names what has begun and may not be known, by the life of the node that asks", () => {
    const { arrive, handed, inbox } = start();
    for (const n of [1, 2, 3]) arrive(n);
    arrive(4, { awaited: false });
    handed[0].begin();
    handed[0].reply({ type: "refused" });
    handed[1].begin();
    handed[3].begin();
    assertEquals(
      inbox.unconfirmed?.byAsker,
      new Map([
        [LIFE, { node: "w1", names: [`${LIFE}/1/1`, `${LIFE}/1/2`], isWaiting: true }],
      ]),
    );
    handed[1].reply({ type: "refused" });
    const call = callOf("inc", [], { sequence: 1 });
    inbox.receive("~g", OTHER_LIFE, call, () => {}, { node: "w2", life: "w2's" });
    inbox.receive("~g", OTHER_LIFE, call, () => {}, { node: "w3", life: "w3's" });
    handed[4].begin();
    arrive(5, { done: 1, open: [2, 3] });
    assertEquals(
      inbox.unconfirmed?.byAsker,
      new Map([
        [LIFE, { node: "w1", names: [`${LIFE}/1/2`], isWaiting: false }],
        ["w3's", { node: "w3", names: [`${OTHER_LIFE}/1/1`], isWaiting: true }],
      ]),
    );
  });

  it("has each attempt with the node that asked for it last: a late copy of another says nothing", () => {
    const { handed, inbox } = start();
    const [one, two] = [1, 2].map((n) => ({ node: `m${n}`, life: `m${n}'s` }));
    const ask = (sequence: number, via: typeof one) => {
      const open = Array.from({ length: sequence - 1 }, (_, n) => n + 1);
      inbox.receive("~g", LIFE, callOf("inc", [], { sequence, open }), () => {}, via);
    };
    ask(1, one);
    ask(2, two);
    for (const { begin, reply } of handed) {
      begin();
      reply({ type: "refused" });
    }
    ask(1, one);
    assertEquals(
      inbox.unconfirmed?.byAsker,
      new Map([
        ["m1's", { node: "m1", names: [`${LIFE}/1/1`], isWaiting: false }],
        ["m2's", { node: "m2", names: [`${LIFE}/1/2`], isWaiting: false }],
      ]),
    );
  });

  it("names what a caller waits for that comes with a later birth, up to a bound", () => {
    const { arrive, cancel, handed, inbox } = start();
    arrive(1, { birth: 5 });
    arrive(2, { birth: 5 });
    for (const { begin } of handed) begin();
    handed[0].reply({ type: "refused" });
    cancel(2, { birth: 5 });
    // The caller has the answer to one of them, and does not wait for the other one.
    arrive(1, { birth: 8 });
    assertEquals(inbox.unconfirmed?.lost, []);
    for (let birth = 8; birth < 8 + MAX_UNSURE; birth++) {
      handed[handed.length - 1].begin();
      arrive(1, { birth: birth + 1 });
    }
    assertEquals(inbox.unconfirmed?.lost.length, MAX_UNSURE);
    assertEquals(inbox.unconfirmed?.lost.slice(0, 2), [`${LIFE}/8/1`, `${LIFE}/9/1`]);
    handed[handed.length - 1].begin();
    arrive(1, { birth: 1_000 });
    assertEquals(inbox.unconfirmed === undefined, true);
  });

  it("is not known once a caller is forgotten, or an answer has no room", () => {
    const { inbox, clock } = start();
    for (let n = 0; n <= 1_000; n++) {
      const life = `${LIFE.slice(0, -4)}${`${n}`.padStart(4, "0")}`;
      inbox.receive(`w${n}`, life, callOf("inc", [], { birth: n + 1 }), () => {});
      clock.now += 10;
    }
    assertEquals(inbox.unconfirmed === undefined, true);
    const full = start();
    full.arrive(1);
    full.arrive(2);
    for (const { begin, reply } of full.handed) {
      begin();
      reply({ type: "returned", value: new Uint8Array(20 * 2 ** 20) });
    }
    assertEquals(full.inbox.unconfirmed === undefined, true);
  });
});
