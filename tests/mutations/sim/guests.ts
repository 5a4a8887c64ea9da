import { type Mutation, SOON } from "./mutation.ts";

/** The number of seeds with guests that is enough: some show only when a gateway pauses at the wrong moment. */
const WITH_GUESTS = 100;

/** Mutations of what guests and their gateways do (section 13). */
export const GUEST_MUTATIONS: readonly Mutation[] = [
  {
    name: "a gateway works for a guest that may have turned to another one",
    file: "lib/gateway/guest_life.ts",
    find: "isOpen: () => this.#tickets?.isOpen(this.#reading()) === true,",
    replace: "isOpen: () => true,",
    seeds: WITH_GUESTS,
    workload: "locks",
    guests: true,
  },
  {
    name: "the clock of a gateway ends the calls of its guests",
    file: "guest/operations.ts",
    find: "run.isLong ? Infinity : Math.ceil(run.deadline - at.now);",
    replace: "Math.ceil(run.deadline - at.now);",
    seeds: SOON,
    workload: "singletons",
    guests: true,
  },
];
