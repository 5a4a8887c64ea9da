import type { StateScope } from "./world.ts";

/** A scope with its exact size, which shows a change that shrinks the search. */
export interface ExpectedStates {
  readonly scope: StateScope;
  readonly states: number;
  readonly transitions: number;
}

/** The scopes of the test task, with their numbers of states and transitions. */
export const stateScopes: readonly ExpectedStates[] = [
  {
    scope: {
      name: "a predecessor that still writes, and its successor",
      ...{ instances: 2, writes: 2, forget: false, failures: 2 },
    },
    states: 370,
    transitions: 787,
  },
  {
    scope: {
      name: "two instances that may forget",
      ...{ instances: 2, writes: 1, forget: true, failures: 2 },
    },
    states: 528,
    transitions: 1_298,
  },
];

/** Scopes that take too long for the test task. */
export const deepStateScopes: readonly ExpectedStates[] = [
  {
    scope: {
      name: "three instances that may forget",
      ...{ instances: 3, writes: 2, forget: true, failures: 2 },
    },
    states: 12_444,
    transitions: 41_517,
  },
];
