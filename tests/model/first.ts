import type { Ballot } from "../../lib/paxos/ballot.ts";
import type { Present } from "../../lib/paxos/register.ts";
import { valueOf } from "./client.ts";
import type { Scope } from "./scope.ts";

/** The state that is chosen at the beginning. */
export interface First {
  readonly ballot: Ballot;
  readonly state: Present;
  /** Whether all members promised the next ballot with it, to the client that keeps that promise. */
  readonly next: boolean;
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
