import type { Ballot } from "../../lib/paxos/ballot.ts";
import type { Present } from "../../lib/paxos/register.ts";
import type { RegisterRequest } from "../../lib/paxos/messages.ts";
import { REGISTER, valueOf } from "./client.ts";
import type { Scope } from "./scope.ts";

/** The state that is chosen at the beginning. */
export interface First {
  readonly ballot: Ballot;
  readonly state: Present;
  /** Whether all members promised the next ballot with it, to the client that keeps that promise. */
  readonly next: boolean;
}

/** The fast round at the beginning of a scope; `null` without one. */
export function firstFastOf({ fast, pieces }: Scope): RegisterRequest & { type: "fast" } | null {
  if (fast === undefined) return null;
  const { counter } = fast;
  const value = valueOf("x", pieces !== "one");
  return {
    type: "fast",
    register: REGISTER,
    ballot: { counter, life: "fast" },
    state: {
      ...{ present: true, token: counter, over: 0, op: "fast/1", value },
      ...{ bindings: [], owners: [] },
    },
  };
}

/** The first chosen state of a scope; `null` without one. */
export function firstOf({ content, pieces, clients }: Scope): First | null {
  const keeper = clients.find(({ keeps }) => keeps);
  if (content === "") return null;
  return {
    ballot: { counter: 1, life: keeper?.name ?? "first" },
    state: {
      present: true,
      token: 1,
      over: 0,
      op: "first/1",
      value: valueOf(content, pieces !== "one"),
      bindings: [],
      owners: [],
    },
    next: keeper !== undefined,
  };
}
