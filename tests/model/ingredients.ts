import type { ClientOptions, Operation } from "./client.ts";
import { PLAIN, type Scope } from "./scope.ts";
import type { Sight } from "./sights.ts";

/** A scope with its exact size, which shows a change that shrinks the search. */
export interface Expected {
  readonly scope: Scope;
  readonly states: number;
  readonly transitions: number;
  /** The hard cases that it must show. */
  readonly sees: readonly Sight[];
}

/** All three members are symmetric. */
const ALL = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/** The first member is special, because it restarts or leads; the other two are symmetric. */
const OTHERS = [[0, 2, 1]];

/** The first member is special; the other three are symmetric. */
export const THREE_OTHERS = [[0, 1, 3, 2], [0, 2, 1, 3], [0, 2, 3, 1], [0, 3, 1, 2], [0, 3, 2, 1]];

/** Members that do not crash. */
export const REGISTER: Omit<Scope, "name"> = { ...PLAIN, symmetries: ALL };

/** One member starts again; by symmetry it may be the first one. */
export const RESTART: Omit<Scope, "name"> = { ...PLAIN, restarts: 1, symmetries: OTHERS };

/** A genesis during which a member starts again. */
export const GENESIS: Omit<Scope, "name"> = {
  ...PLAIN,
  begins: "blank",
  genesis: true,
  restarts: 1,
  lifeChanges: 1,
  restarting: [0, 1, 2],
  symmetries: OTHERS,
};

/** One operation in `attempts` ballots; `clock` is the initial clock, relative to those of others. */
function once(kind: "put" | "lapse" | "bound") {
  return (name: string, letter: string, attempts: number, clock = 0): ClientOptions => {
    return { name, operations: [{ kind, letter }], attempts, clock };
  };
}

/** Writes its letter if the register is empty. */
export const put = once("put");

/** As `put`, but the owner of its value ends after the first attempt. */
export const lapse = once("lapse");

/** As `put`, but others may end the owner of its value. */
export const bound = once("bound");

/** Appends the letters one by one, and keeps the promise for the next one. */
export function append(name: string, letters: string, attempts: number, clock = 0): ClientOptions {
  return { name, operations: appends(letters, letters.length - 1), attempts, clock };
}

/** As `append`, but it keeps no promises. */
export function separate(name: string, letters: string): ClientOptions {
  return { name, operations: appends(letters, 0), attempts: 1 };
}

/** As `append`, but an operation with a kept promise is not tried again after its fallback. */
export function appendOnFallback(name: string, letters: string): ClientOptions {
  return { ...append(name, letters, 1), afterKept: 0 };
}

/** As `append`, but only the first append asks for a promise to keep. */
export function appendKeepingOnce(name: string, letters: string): ClientOptions {
  return { name, operations: appends(letters, 1), attempts: 1 };
}

/** Append operations; the first `keeping` ones ask for a promise to keep. */
function appends(letters: string, keeping: number): Operation[] {
  return [...letters].map((letter, index) => ({ kind: "append", letter, again: index < keeping }));
}

/** The client, whose first operation begins with a fast round. */
export function fast(client: ClientOptions): ClientOptions {
  const [first, ...rest] = client.operations;
  return { ...client, operations: [{ ...first, fast: true } as Operation, ...rest] };
}

/** The client, which tells the members what its fast round has chosen. */
export function telling(client: ClientOptions): ClientOptions {
  return { ...client, tells: true };
}

/** The client, whose first operation hands on the promise of the next ballot to `heir`. */
export function handing(client: ClientOptions, heir: string): ClientOptions {
  const [first, ...rest] = client.operations;
  return { ...client, operations: [{ ...first, heir } as Operation, ...rest] };
}

/** The client, which takes the promises that others hand on to it. */
export function heir(client: ClientOptions): ClientOptions {
  return { ...client, inherits: true };
}

/** The client with the lowest possible fallback: the ballot that it asks to be promised next. */
export function tight(client: ClientOptions): ClientOptions {
  return { ...client, slack: 0 };
}

/**
 * Appends by kept promises, the first of which came with the first chosen state. Each has `attempts` attempts
 * after its fallback, which is the lowest possible one.
 */
export function keeper(name: string, letters: string, attempts: number): ClientOptions {
  return tight({
    name,
    keeps: true,
    operations: appends(letters, letters.length - 1),
    attempts,
  });
}

/** A put that keeps the promise for an append, which is not tried again after its fallback. */
export function putThenAppend(name: string, letter: string, then: string): ClientOptions {
  return {
    name,
    operations: [{ kind: "put", letter, again: true }, { kind: "append", letter: then }],
    attempts: 1,
    afterKept: 0,
  };
}

/** An append that keeps the promise for a put. */
export function appendThenPut(name: string, letter: string, then: string): ClientOptions {
  return {
    name,
    operations: [{ kind: "append", letter, again: true }, { kind: "put", letter: then }],
    attempts: 1,
  };
}

/** An append, a put without effect, and an append; the first two keep the promise for the next one. */
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

/** A read that proposes if it is not sure, at a ballot above all others. */
export function read(attempts: number): ClientOptions {
  return { name: "r", operations: [{ kind: "read", letter: "r" }], attempts, clock: 5 };
}

/** A put and a read. */
export function putThenRead(name: string, letter: string, clock: number): ClientOptions {
  return {
    name,
    operations: [{ kind: "put", letter }, { kind: "read", letter: "r" }],
    attempts: 1,
    clock,
  };
}

/** A put, and a release of it that makes members forget it. */
export function putAndRelease(name: string, letter: string, clock: number): ClientOptions {
  return {
    name,
    operations: [{ kind: "put", letter }, { kind: "release", letter }],
    attempts: 1,
    clock,
  };
}

/** As {@linkcode putAndRelease}, and the put asks for a promise to keep for the release. */
export function putAndReleaseByKept(name: string, letter: string, clock: number): ClientOptions {
  return {
    name,
    operations: [{ kind: "put", letter, again: true }, { kind: "release", letter }],
    attempts: 1,
    afterKept: 0,
    clock,
  };
}

/** A release of another client's put that makes members forget it. */
export function release(name: string, letter: string, clock: number): ClientOptions {
  return { name, operations: [{ kind: "release", letter }], attempts: 1, clock };
}

/** Appends its letter to a cell that keeps this number of writers. */
export function update(
  name: string,
  letter: string,
  attempts: number,
  writers: number,
  clock = 0,
): ClientOptions {
  return { name, operations: [{ kind: "update", letter, writers }], attempts, clock };
}

/** Deletes the value of a cell and appends its letter to it, in one round. */
export function replace(
  name: string,
  letter: string,
  attempts: number,
  writers: number,
  clock = 0,
): ClientOptions {
  return { name, operations: [{ kind: "replace", letter, writers }], attempts, clock };
}

/** As `update`, once, and then reads the cell. */
export function updateThenRead(name: string, letter: string, writers: number): ClientOptions {
  return {
    name,
    operations: [{ kind: "update", letter, writers }, { kind: "read", letter: "r" }],
    attempts: 1,
    clock: 1,
  };
}

/** Deletes the value of a cell. */
export function clear(name: string, clock: number): ClientOptions {
  return { name, operations: [{ kind: "clear", letter: "c" }], attempts: 1, clock };
}

/** A scope with its exact size, and the hard cases that it must show. */
export function expected(
  name: string,
  scope: Omit<Scope, "name">,
  states: number,
  transitions: number,
  ...sees: readonly Sight[]
): Expected {
  return { scope: { ...scope, name }, states, transitions, sees };
}
