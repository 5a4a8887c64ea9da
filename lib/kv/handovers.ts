import type { OperationId } from "../paxos/register.ts";

/** Results that are remembered; bounds memory. */
const MAX_RESULTS = 10_000;

/** Size of all results that are remembered, in bytes. */
const MAX_BYTES = 16 * 2 ** 20;

/** A put that was handed over. */
interface Handover<R> {
  /** See `HandoverRequest`. */
  readonly since: number;
  readonly result: Promise<R>;
  /** The size of the result, in bytes. */
  size: number;
}

/**
 * Runs each handed-over put once, and answers repeated requests with the same result.
 *
 * The highest `since` among the forgotten puts stands for all of them: a put that is not remembered and whose
 * `since` is not above it may have run, and never runs again. Later requests have a higher `since`, since
 * Lamport clocks spread with every frame.
 */
export class Handovers<R extends { readonly type: string; readonly value?: Uint8Array | null }> {
  /** The handed-over puts, oldest first. */
  readonly #handovers = new Map<OperationId, Handover<R>>();
  #bytes = 0;
  /** The highest `since` of a forgotten put. */
  #forgotten = 0;

  /** The result of `op`, from `run` unless it ran before; `undefined`: it may have run, and is not remembered. */
  once(op: OperationId, since: number, run: () => Promise<R>): Promise<R> | undefined {
    const known = this.#handovers.get(op);
    if (known !== undefined) return known.result;
    // The put may have run. A second run could make it take effect twice, and a refusal would claim that it
    // never ran.
    if (since <= this.#forgotten) return undefined;
    const handover: Handover<R> = { since, result: run(), size: 0 };
    this.#handovers.set(op, handover);
    if (this.#handovers.size > MAX_RESULTS) this.#forgetOldest();
    handover.result.then((reply) => {
      if (this.#handovers.get(op) !== handover) return;
      this.#bytes += handover.size = reply.value?.length ?? 0;
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
