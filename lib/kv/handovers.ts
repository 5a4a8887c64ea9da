import type { Life } from "../paxos/ballot.ts";
import type { HandoverReply } from "../paxos/messages.ts";
import type { OperationId } from "../paxos/register.ts";

/** So many results are remembered, of so many bytes in all. */
const MAX_RESULTS = 10_000;
const MAX_BYTES = 16 * 2 ** 20;

/**
 * Runs each put that was handed over once, however often it is asked for, and answers with the same
 * result again.
 */
export class Handovers {
  /** Oldest first. */
  readonly #results = new Map<OperationId, Promise<HandoverReply>>();
  /** The bytes that each result holds. */
  readonly #sizes = new Map<OperationId, number>();
  #bytes = 0;
  /** For each asker's life the highest number of an operation that was run and is forgotten. */
  readonly #forgotten = new Map<Life, number>();

  /** The result of `op`, by `run` unless it was run before. */
  once(op: OperationId, run: () => Promise<HandoverReply>): Promise<HandoverReply> {
    const known = this.#results.get(op);
    if (known !== undefined) return known;
    const [life, sequence] = parse(op);
    // It may have been run: then running it again could make it take effect twice, and to refuse it
    // would be to say that it never did.
    if (sequence <= (this.#forgotten.get(life) ?? 0)) {
      return Promise.resolve({ type: "handed", outcome: "no_quorum" });
    }
    const result = run();
    this.#results.set(op, result);
    if (this.#results.size > MAX_RESULTS) this.#forgetOldest();
    result.then((reply) => {
      if (!("value" in reply) || this.#results.get(op) !== result) return;
      this.#sizes.set(op, reply.value.length);
      this.#bytes += reply.value.length;
      while (this.#bytes > MAX_BYTES) this.#forgetOldest();
    }, () => {});
    return result;
  }

  #forgetOldest(): void {
    for (const op of this.#results.keys()) {
      this.#results.delete(op);
      this.#bytes -= this.#sizes.get(op) ?? 0;
      this.#sizes.delete(op);
      const [life, sequence] = parse(op);
      this.#forgotten.set(life, Math.max(sequence, this.#forgotten.get(life) ?? 0));
      return;
    }
  }
}

function parse(op: OperationId): [Life, number] {
  const slash = op.indexOf("/");
  return [op.slice(0, slash), Number(op.slice(slash + 1))];
}
