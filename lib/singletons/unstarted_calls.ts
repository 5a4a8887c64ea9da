import type { RegisterId } from "../paxos/register.ts";

/** One call; `settle` signals that it can no longer be refused. */
interface UnstartedCall {
  settle: () => void;
}

/**
 * The calls of this node that may still be refused: those that are neither over nor known to have begun. A
 * refused call is repeated elsewhere, before calls that were made after it.
 */
export class UnstartedCalls {
  /** By register, and then by the token of the instance that was called. */
  readonly #open = new Map<RegisterId, Map<number, Set<UnstartedCall>>>();

  /**
   * Adds a call. The returned function has to be called when the call begins, and when it is over; it may be
   * called twice.
   */
  add(register: RegisterId, token: number): () => void {
    let tokens = this.#open.get(register);
    if (tokens === undefined) this.#open.set(register, tokens = new Map());
    let calls = tokens.get(token);
    if (calls === undefined) tokens.set(token, calls = new Set());
    const open: UnstartedCall = { settle: () => {} };
    calls.add(open);
    return () => {
      if (!calls.delete(open)) return;
      if (calls.size === 0) tokens.delete(token);
      if (tokens.size === 0) this.#open.delete(register);
      open.settle();
    };
  }

  /**
   * Whether there is a call to an instance other than the one with `token`; without `token`, to any instance.
   */
  hasOther(register: RegisterId, token?: number): boolean {
    const tokens = this.#open.get(register);
    if (tokens === undefined) return false;
    return token === undefined || tokens.size > 1 || !tokens.has(token);
  }

  /** Resolves when none of the present calls can be refused any more. */
  async none(register: RegisterId): Promise<void> {
    const waits: Promise<void>[] = [];
    for (const calls of this.#open.get(register)?.values() ?? []) {
      for (const open of calls) {
        const { settle } = open;
        waits.push(
          new Promise((resolve) => {
            open.settle = () => {
              settle();
              resolve();
            };
          }),
        );
      }
    }
    await Promise.all(waits);
  }
}
