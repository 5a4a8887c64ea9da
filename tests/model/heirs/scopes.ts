import { REGISTER, valueOf } from "../client.ts";
import type { WriterOptions } from "./actors.ts";
import type { HeirScope } from "./world.ts";

/** A scope with its exact size, which shows a change that shrinks the search. */
export interface ExpectedHeirs {
  readonly scope: HeirScope;
  readonly states: number;
  readonly transitions: number;
}

/** Two members have promised (2, a), and the accept of it hands (3, b) to b. */
const HANDED: Omit<HeirScope, "name" | "writers"> = {
  members: 3,
  watchers: [0],
  sent: {
    type: "accept",
    register: REGISTER,
    ballot: { counter: 2, life: "a" },
    state: {
      ...{ present: true, token: 2, over: 0, op: "a/0", value: valueOf("x", false) },
      ...{ bindings: [], owners: [] },
    },
    next: true,
    heir: "b",
    fallback: null,
  },
  promised: [0, 1],
};

/** The heir, which begins no attempt of its own. */
const HEIR: WriterOptions = { name: "b", writes: [{ letter: "y", attempts: 0 }] };

/** Its ballot (3, aa) is above the one that was accepted, and below the one that is handed on. */
const RIVAL: WriterOptions = { name: "aa", writes: [{ letter: "z", attempts: 1 }], clock: 2 };

/** The scopes of the test task, with their numbers of states and transitions. */
export const heirScopes: readonly ExpectedHeirs[] = [
  {
    scope: { ...HANDED, name: "a promise that is handed on, and a rival", writers: [HEIR, RIVAL] },
    states: 7_350,
    transitions: 35_502,
  },
  {
    scope: {
      ...HANDED,
      name: "a promise that is handed on, and a rival that takes it, of which the heir is told",
      members: 2,
      tellsLoss: true,
      writers: [{ ...HEIR, writes: [{ letter: "y", attempts: 1 }] }, { ...RIVAL, clock: 3 }],
    },
    states: 42_700,
    transitions: 260_479,
  },
  {
    scope: {
      ...HANDED,
      name: "a promise that is handed on with the lowest fallback, and a rival",
      reaches: [0, 1],
      writers: [{ ...HEIR, slack: 0 }, RIVAL],
    },
    states: 2_242,
    transitions: 10_668,
  },
  {
    scope: {
      ...HANDED,
      name: "a promise that is handed on, a crash, and a rival",
      reaches: [0, 1],
      crashes: 0,
      writers: [HEIR, RIVAL],
    },
    states: 8_850,
    transitions: 42_252,
  },
  {
    scope: {
      ...HANDED,
      name: "a promise that is handed on, and two writes",
      writers: [{
        name: "b",
        writes: [{ letter: "y", attempts: 0 }, { letter: "w", attempts: 0 }],
        givesUp: true,
      }],
    },
    states: 416,
    transitions: 1_727,
  },
  {
    scope: {
      ...HANDED,
      name: "a fast round, and a promise that is handed on after it",
      reaches: [0, 1],
      writers: [{
        name: "b",
        writes: [{ letter: "y", fast: true, attempts: 1 }, { letter: "w", attempts: 0 }],
        clock: 2,
        givesUp: true,
      }],
    },
    states: 10_138,
    transitions: 72_736,
  },
  {
    scope: {
      ...HANDED,
      name: "a promise that is handed on, and a fast round after it",
      reaches: [0, 1],
      writers: [{
        name: "b",
        writes: [{ letter: "y", attempts: 0 }, { letter: "w", fast: true, attempts: 1 }],
        clock: 2,
        givesUp: true,
      }],
    },
    states: 9_498,
    transitions: 76_292,
  },
];
