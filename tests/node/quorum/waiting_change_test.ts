// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Part } from "../../../lib/node/quorum/combine.ts";
import {
  isAwaited,
  lackOfRoom,
  mayBeFast,
  mayUse,
  neediest,
  needOf,
  split,
  usesReserve,
  type WaitingChange,
} from "../../../lib/node/quorum/waiting_change.ts";

const waiting = (options: Partial<WaitingChange["options"]> = {}): WaitingChange => ({
  change: () => ({ draft: null, result: null }),
  wrote: false,
  operation: {} as WaitingChange["operation"],
  options: { deadline: Infinity, ...options },
});

describe("mayBeFast() (section 3a)", () => {
  it("is for the first message of an operation of this node, which need not write", () => {
    const fast = true;
    const kinds = [{}, { fast }, { fast, mustWrite: true }, { fast, since: 5 }];
    const may = kinds.map((options) => mayBeFast(waiting(options)));
    assertEquals(may, [false, true, false, false]);
    assertEquals(mayBeFast({ ...waiting({ fast }), wrote: true }), false);
  });
});

describe("mayUse()", () => {
  it("is for changes that do not ignore a kept promise, above what a guest has seen", () => {
    const kept = (counter: number) => ({
      ballot: { counter, life: "a" },
      state: { present: false, token: 1 } as const,
    });
    assertEquals(mayUse(waiting(), kept(5)), true);
    assertEquals(mayUse(waiting({ ignoreKeptPromise: true }), kept(5)), false);
    const since = waiting({ since: 5 });
    assertEquals([mayUse(since, kept(5)), mayUse(since, kept(6))], [false, true]);
  });
});

describe("split()", () => {
  it("separates the changes that were applied in a round from the others, in order", () => {
    const [one, two, three] = [waiting(), waiting(), waiting()];
    const results = new Map<Part, { value: unknown }>([[three, { value: 3 }], [one, { value: 1 }]]);
    const { applied, left } = split([one, two, three], { results });
    assertEquals(applied.map(([part, own]) => [part === one, own]), [
      [true, { value: 1 }],
      [false, { value: 3 }],
    ]);
    assertEquals(left.length === 1 && left[0] === two, true);
  });
});

describe("needOf() (section 8)", () => {
  it("is least for sweeps, which members always take, and little for what adds nothing", () => {
    const [put, release, sweep] = [{}, { reserve: true }, { sweep: true }].map(waiting);
    assertEquals([put, release, sweep].map(needOf), [2, 1, 0]);
    assertEquals(neediest([sweep, release, sweep]).map((one) => one === release), [true]);
    assertEquals(neediest([]), []);
  });
});

describe("lackOfRoom() (section 8)", () => {
  it("is the error of what has asked for room alone", () => {
    const kinds = [{}, { reserve: true }, { sweep: true }].map(waiting);
    const shortage = { missing: ["a"], silent: [] };
    const codes = kinds.map((change) => lackOfRoom(change, shortage)?.code);
    assertEquals(codes, ["full", undefined, undefined]);
    assertEquals(lackOfRoom(waiting(), undefined), undefined);
  });
});

describe("usesReserve()", () => {
  it("is for changes that bring nothing new, and for sweeps", () => {
    const kinds = [{}, { reserve: true }, { sweep: true }];
    assertEquals(kinds.map((options) => usesReserve(waiting(options))), [false, true, true]);
  });
});

describe("isAwaited()", () => {
  it("is for changes that others wait for", () => {
    const kinds = [{}, { retryAtOnce: true }];
    assertEquals(kinds.map((options) => isAwaited(waiting(options))), [false, true]);
  });
});
