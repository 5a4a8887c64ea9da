/**
 * An invariant of the protocol does not hold: the code is wrong, or memory is damaged. What depends on the state in
 * question must not be used or sent any more. A node that meets one stops voting and closes.
 */
export class InvariantError extends Error {
  /** `what` is the invariant, as a sentence that should be true. */
  constructor(what: string) {
    super(what);
    this.name = "InvariantError";
  }
}

/** Called with each failure. */
const listeners = new Set<(error: InvariantError) => void>();

/**
 * Throws {@linkcode InvariantError} if `condition` is false, in tests and in production. `what` is the invariant, as a
 * sentence that should be true. Only for what the code itself guarantees: input from the network is checked and refused
 * before it gets this far, so that no peer can make a node close.
 */
export function assertInvariant(condition: boolean, what: string): asserts condition {
  if (condition) return;
  const error = new InvariantError(what);
  for (const listener of listeners) listener(error);
  throw error;
}

/**
 * Calls `listener` with each failure in this process, also where the error itself is caught, until the returned
 * function is called. For simulators and tests; a node learns of its failures by the errors.
 */
export function onInvariantFailure(listener: (error: InvariantError) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
