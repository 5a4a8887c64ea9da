import type { HandoverReply } from "../paxos/messages.ts";
import type { OperationId } from "../paxos/register.ts";

/** Results that are remembered at most. */
const MAX_RESULTS = 10_000;

/** The bytes of all results that are remembered, at most. */
const MAX_BYTES = 16 * 2 ** 20;

/** A put that was handed over. */
interface Handover {
  /** See `HandoverRequest`. */
  readonly since: number;
  readonly result: Promise<HandoverReply>;
  /** The bytes that the result holds. */
  size: number;
}

/**
 * Runs each put that was handed over once, however often it is asked for, and answers with the same
 * result again.
 *
 * The highest `since` among those that are forgotten stands for all of them: what is not above it and is
 * not remembered may have run, and never runs again. Askers that come later have a higher one, since Lamport
 * clocks spread with every frame.
 */
export class Handovers {
  /** Oldest first. */
  readonly #handovers = new Map<OperationId, Handover>();
  #bytes = 0;
  /** The highest `since` of those that are forgotten. */
  #forgotten = 0;

  /** How many results are remembered. */
  get size(): number {
    return this.#handovers.size;
  }

  /** The result of `op`, by `run` unless it was run before. */
  once(
    op: OperationId,
    since: number,
    run: () => Promise<HandoverReply>,
  ): Promise<HandoverReply> {
    const known = this.#handovers.get(op);
    if (known !== undefined) return known.result;
    // It may have been run: then running it again could make it take effect twice, and to refuse it
    // would be to say that it never did.
    if (since <= this.#forgotten) return Promise.resolve({ type: "handed", outcome: "no_quorum" });
    const handover: Handover = { since, result: run(), size: 0 };
    this.#handovers.set(op, handover);
    if (this.#handovers.size > MAX_RESULTS) this.#forgetOldest();
    handover.result.then((reply) => {
      if (!("value" in reply) || this.#handovers.get(op) !== handover) return;
      handover.size = reply.value.length;
      this.#bytes += handover.size;
      while (this.#bytes > MAX_BYTES) this.#forgetOldest();
    }, () => {});
    return handover.result;
  }

  #forgetOldest(): void {
    for (const [op, { since, size }] of this.#handovers) {
      this.#handovers.delete(op);
      this.#bytes -= size;
      this.#forgotten = Math.max(this.#forgotten, since);
      return;
    }
  }
}
