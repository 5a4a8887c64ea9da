import type { ClientOptions, Operation } from "./client.ts";
import { PLAIN, type Scope } from "./scope.ts";
import type { Sight } from "./sights.ts";

/** A scope, and how big it is: a change that shrinks the search is seen by that. */
export interface Expected {
  readonly scope: Scope;
  readonly states: number;
  readonly transitions: number;
  /** The hard cases that it is there for: each has to come up. */
  readonly sees: readonly Sight[];
}

/** Any three members may trade names. */
const ALL = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/** The first one is special: it restarts, or leads. */
const OTHERS = [[0, 2, 1]];

/** The first one is special; the three others may trade names. */
export const THREE_OTHERS = [[0, 1, 3, 2], [0, 2, 1, 3], [0, 2, 3, 1], [0, 3, 1, 2], [0, 3, 2, 1]];

/** Members that do not crash. */
export const REGISTER: Omit<Scope, "name"> = { ...PLAIN, symmetries: ALL };

/** One member starts again; by symmetry it is enough that it is the first. */
export const RESTART: Omit<Scope, "name"> = { ...PLAIN, restarts: 1, symmetries: OTHERS };

/** A cluster that begins, while some member starts again. */
export const GENESIS: Omit<Scope, "name"> = {
  ...PLAIN,
  begins: "blank",
  genesis: true,
  restarts: 1,
  relives: 1,
  restarting: [0, 1, 2],
  symmetries: OTHERS,
};

/** One operation in `attempts` ballots; `clock` says how high the first is, beside those of others. */
function once(kind: "put" | "lapse" | "bound") {
  return (name: string, letter: string, attempts: number, clock = 0): ClientOptions => {
    return { name, operations: [{ kind, letter }], attempts, clock };
  };
}

/** Writes its letter if nothing is there. */
export const put = once("put");

/** The same, but what its value is bound to ends after its first attempt. */
export const lapse = once("lapse");

/** The same, but others may end what its value is bound to. */
export const bound = once("bound");

/** Appends one letter after the other, keeping the promise for the next one. */
export function append(name: string, letters: string, attempts: number, clock = 0): ClientOptions {
  return { name, operations: appends(letters, letters.length - 1), attempts, clock };
}

/** The same, but what begins with a kept promise is not tried again after its fallback. */
export function appendOnFallback(name: string, letters: string): ClientOptions {
  return { ...append(name, letters, 1), afterKept: 0 };
}

/** The same, but with the first one only it asks for a promise to keep. */
export function appendKeepingOnce(name: string, letters: string): ClientOptions {
  return { name, operations: appends(letters, 1), attempts: 1 };
}

/** Appends, the first `keeping` of which ask for a promise to keep. */
function appends(letters: string, keeping: number): Operation[] {
  return [...letters].map((letter, index) => ({ kind: "append", letter, again: index < keeping }));
}

/** Its fallback is the lowest that it can be: the ballot that it asks to be promised next. */
export function tight(client: ClientOptions): ClientOptions {
  return { ...client, slack: 0 };
}

/**
 * Appends by kept promises, the first of which came with what is chosen at the beginning; each with so many
 * attempts after its fallback, which is as low as it can be.
 */
export function keeper(name: string, letters: string, attempts: number): ClientOptions {
  return tight({
    name,
    keeps: true,
    operations: appends(letters, letters.length - 1),
    attempts,
  });
}

/** Puts, and keeps the promise for an append, which is not tried again after its fallback. */
export function putThenAppend(name: string, letter: string, then: string): ClientOptions {
  return {
    name,
    operations: [{ kind: "put", letter, again: true }, { kind: "append", letter: then }],
    attempts: 1,
    afterKept: 0,
  };
}

/** Appends, and keeps the promise for a put. */
export function appendThenPut(name: string, letter: string, then: string): ClientOptions {
  return {
    name,
    operations: [{ kind: "append", letter, again: true }, { kind: "put", letter: then }],
    attempts: 1,
  };
}

/** Appends, puts in vain, and appends again; the first two keep the promise for the next one. */
export function appendPutAppend(name: string, letters: string): ClientOptions {
  const [first, second, third] = letters;
  return {
    name,
    operations: [
      { kind: "append", letter: first, again: true },
      { kind: "put", letter: second, again: true },
      { kind: "append", letter: third },
    ],
    attempts: 1,
    afterKept: 0,
  };
}

/** Reads, and proposes if that is not sure, at a ballot above all others. */
export function read(attempts: number): ClientOptions {
  return { name: "r", operations: [{ kind: "read", letter: "r" }], attempts, clock: 5 };
}

/** Puts, and reads. */
export function putThenRead(name: string, letter: string, clock: number): ClientOptions {
  return {
    name,
    operations: [{ kind: "put", letter }, { kind: "read", letter: "r" }],
    attempts: 1,
    clock,
  };
}

/** Puts, releases what it put, and has it forgotten. */
export function putAndRelease(name: string, letter: string, clock: number): ClientOptions {
  return {
    name,
    operations: [{ kind: "put", letter }, { kind: "release", letter }],
    attempts: 1,
    clock,
  };
}

/** Releases what another one put, and has it forgotten. */
export function release(name: string, letter: string, clock: number): ClientOptions {
  return { name, operations: [{ kind: "release", letter }], attempts: 1, clock };
}

/** A scope with its numbers, and the hard cases that have to come up. */
export function expected(
  name: string,
  scope: Omit<Scope, "name">,
  states: number,
  transitions: number,
  ...sees: readonly Sight[]
): Expected {
  return { scope: { ...scope, name }, states, transitions, sees };
}
