import type { Model, Timed } from "./linearizability.ts";

/**
 * Whether `history` is linearizable, the slow and simple way: every order of every choice of unknown
 * operations, with nothing remembered and nothing pruned. For histories of up to about seven
 * operations, to check the checker.
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
      // It may come next unless another one had returned before it was called.
      if (others.some((other) => other.return < operation.call)) return false;
      return explain(states.flatMap((state) => model.apply(state, operation)), others);
    });
  };
  return explain([model.initial], history);
}
