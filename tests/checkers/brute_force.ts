import type { Model, Timed } from "./linearizability.ts";

/**
 * Whether `history` is linearizable, by brute force: tries every order of every subset of the unknown
 * operations, without a cache or pruning. It verifies the checker itself, on histories of up to about
 * seven operations.
 */
export function isLinearizableByForce<State, Operation extends Timed>(
  model: Model<State, Operation>,
  history: readonly Operation[],
): boolean {
  const explain = (states: readonly State[], left: readonly Operation[]): boolean => {
    if (states.length === 0) return false;
    if (left.every((operation) => operation.return === Infinity)) return true;
    return left.some((operation) => {
      const others = left.filter((other) => other !== operation);
      // It may come next if no other operation returned before it was called.
      if (others.some((other) => other.return < operation.call)) return false;
      return explain(states.flatMap((state) => model.apply(state, operation)), others);
    });
  };
  return explain([model.initial], history);
}
