import type { Edit } from "../paxos.ts";
import type { OrderScope } from "./world.ts";

/** A scope with its exact size, which shows a change that shrinks the search. */
export interface ExpectedOrders {
  readonly scope: OrderScope;
  readonly states: number;
  readonly transitions: number;
  /** Changes of the machines that make the scope small enough. */
  readonly edits?: readonly Edit[];
}

const scope = (name: string, more: Omit<OrderScope, "name">): OrderScope => ({ ...more, name });

/** The scopes of the test task, with their numbers of states and transitions. */
export const orderScopes: readonly ExpectedOrders[] = [
  {
    scope: scope("an order, a release, and a new term", {
      requests: 1,
      rival: ["release", "request", "release"],
      failures: 1,
    }),
    states: 4_592,
    transitions: 22_072,
  },
  {
    scope: scope("two requests, and a release", {
      requests: 2,
      rival: ["release"],
      failures: 1,
    }),
    states: 23_584,
    transitions: 126_076,
  },
  {
    scope: scope("an order, and a theft", { requests: 1, rival: ["steal"], failures: 1 }),
    states: 933,
    transitions: 4_545,
  },
  {
    scope: scope("an order, and the end of its session", {
      requests: 1,
      rival: ["release"],
      failures: 1,
      ends: true,
    }),
    states: 1_580,
    transitions: 4_481,
  },
  {
    scope: scope("an order, and more sessions than are remembered", {
      requests: 1,
      rival: ["release"],
      failures: 0,
      crowd: true,
    }),
    edits: [{ module: "lock_register", find: "MAX_LEFT = 64;", replace: "MAX_LEFT = 1;" }],
    states: 354,
    transitions: 1_642,
  },
];

/** Scopes that take too long for the test task. */
export const deepOrderScopes: readonly ExpectedOrders[] = [
  {
    scope: scope("three requests, without failures", {
      requests: 3,
      rival: ["release"],
      failures: 0,
    }),
    states: 113_227,
    transitions: 602_717,
  },
];
