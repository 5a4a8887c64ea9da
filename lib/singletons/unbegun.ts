import type { RegisterId } from "../paxos/register.ts";

/** One call; `settle` tells those who wait that it cannot be refused any more. */
interface Open {
  settle: () => void;
}

/**
 * The calls of this node that may still be refused: those that are neither over nor known to be executed.
 * A call that is refused is made again elsewhere, and before those that were made after it.
 */
export class Unbegun {
  /** By register, and then by the token of the instance that was called. */
  readonly #open = new Map<RegisterId, Map<number, Set<Open>>>();

  /** A call is made; what it returns is to be called when it has begun, and when it is over. */
  add(register: RegisterId, token: number): () => void {
    let tokens = this.#open.get(register);
    if (tokens === undefined) this.#open.set(register, tokens = new Map());
    let calls = tokens.get(token);
    if (calls === undefined) tokens.set(token, calls = new Set());
    const open: Open = { settle: () => {} };
    calls.add(open);
    return () => {
      if (!calls.delete(open)) return;
      if (calls.size === 0) tokens.delete(token);
      if (tokens.size === 0) this.#open.delete(register);
      open.settle();
    };
  }

  /** Whether there is a call of another instance than that with `token`; or any, without one. */
  hasOther(register: RegisterId, token?: number): boolean {
    const tokens = this.#open.get(register);
    if (tokens === undefined) return false;
    return token === undefined || tokens.size > 1 || !tokens.has(token);
  }

  /** Resolves when there is none any more of those that there are now. */
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
