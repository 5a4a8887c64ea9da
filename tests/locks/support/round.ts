import { encodeLock, lockOf } from "../../../lib/locks/lock_value.ts";
import { combine, type Part } from "../../../lib/node/quorum/combine.ts";
import {
  applyCommand,
  type LockCommand,
  type LockResult,
  type LockValue,
  sameLock,
} from "../../../lib/paxos/lock_register.ts";
import type { RegisterChange } from "../../../lib/paxos/change.ts";
import type { State } from "../../../lib/paxos/register.ts";

/** The outcome of one round. */
export interface Round {
  /** The result of each order; `undefined`: left for the next round. */
  readonly results: readonly (LockResult | undefined)[];
  /** The value that is written, or the previous value if nothing is written. */
  readonly value: LockValue;
  /** Whether anything is written. */
  readonly writes: boolean;
}

/** Applies `orders` to a lock in one round, as a node does with all orders that wait for one register. */
export function round(
  before: LockValue,
  orders: readonly LockCommand[],
  token: number,
  hasEnded: (session: string) => boolean = () => false,
): Round {
  const parts = orders.map((order): Part => ({ change: changeOf(order, hasEnded), wrote: false }));
  const { draft, result: { results } } = combine(parts, {
    state: stateOf(before),
    token: token - 1,
    ballot: { counter: token, life: "p" },
  });
  const value = draft === null
    ? before
    : lockOf(draft.present ? { ...draft, token, over: 0 } : { present: false, token });
  return {
    results: parts.map((part) => {
      const own = results.get(part);
      if (own !== undefined && "error" in own) throw own.error;
      return own?.value as LockResult | undefined;
    }),
    value,
    writes: draft !== null,
  };
}

function stateOf(value: LockValue): State | null {
  if (value.holders.length === 0) return null;
  const encoded = encodeLock(value);
  return {
    present: true,
    token: 1,
    over: 0,
    op: "before",
    value: encoded,
    bindings: [],
    owners: [],
  };
}

/** The change for an order, as it is passed to the proposer. */
function changeOf(
  order: LockCommand,
  hasEnded: (session: string) => boolean,
): RegisterChange<LockResult> {
  return ({ state, ballot }) => {
    const before = lockOf(state);
    const { value, result } = applyCommand(before, order, ballot.counter, hasEnded);
    if (result.kind === "later") return { draft: null, result, later: true };
    if (sameLock(before, value)) return { draft: null, result };
    if (value.holders.length === 0) return { draft: { present: false }, result, merges: true };
    const encoded = encodeLock(value);
    const draft = { present: true, op: "op", value: encoded, bindings: [], owners: [] } as const;
    return { draft, result, merges: true };
  };
}
