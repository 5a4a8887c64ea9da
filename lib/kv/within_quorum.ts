import type { Result } from "../errors.ts";
import { type Limits, type NodeShell, noQuorumResult } from "../node/shell.ts";
import type { KeyOptions } from "./options.ts";

/**
 * Runs an operation within the limits of its options, and applies `noQuorum`. `owner` aborts it too: the signal of a
 * process.
 */
export async function withinQuorum<R extends Result<unknown, string>>(
  shell: NodeShell,
  { noQuorum = "return", timeout, signal }: KeyOptions,
  owner: AbortSignal | undefined,
  run: (limits: Limits) => Promise<R>,
): Promise<R | Result<never, "no_quorum">> {
  shell.ensureOpen();
  // Also where this node knows the answer and asks no other.
  signal?.throwIfAborted();
  for (;;) {
    const deadline = noQuorum === "retry" ? Infinity : shell.limits(timeout).deadline;
    try {
      return await run({ deadline, signal, owner });
    } catch (error) {
      const result = noQuorumResult(error);
      if (noQuorum === "fail") throw error;
      if (noQuorum === "return") return result;
    }
  }
}
