import type { RegisterId } from "../paxos/register.ts";
import type { InstanceLocation } from "./instance_locations.ts";

/** A call that waits for a location. */
export interface QueuedCall {
  /** Calls go on in ascending order; no two calls have the same number. */
  readonly order: number;
  /** Called with the location, in the turn in which it is known. */
  readonly go: (location: InstanceLocation) => void;
  /** Called when there is no location. */
  readonly fail: (error: unknown) => void;
}

/**
 * The calls that wait until the location of an instance is known. The calls of each key are ordered by when they
 * were made, including calls that return after a refusal. All calls of a key share one search.
 */
export class CallQueues {
  readonly #queues = new Map<RegisterId, QueuedCall[]>();
  #waiting = 0;

  /** Whether no search is under way for `register`. */
  isEmpty(register: RegisterId): boolean {
    return !this.#queues.has(register);
  }

  /** Whether at least one call waits in the queue for `register`. */
  isAwaited(register: RegisterId): boolean {
    return (this.#queues.get(register)?.length ?? 0) > 0;
  }

  /** The number of calls that wait, for any register. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Joins the queue for `register`; the first call of a queue starts `search`. Returns a function that leaves
   * the queue, which has no effect once the search is over.
   */
  join(
    register: RegisterId,
    waiting: QueuedCall,
    search: () => Promise<InstanceLocation>,
  ): () => void {
    let queue = this.#queues.get(register);
    if (queue === undefined) {
      this.#queues.set(register, queue = []);
      search().then(
        (index) => this.#end(register).forEach(({ go }) => go(index)),
        (error) => this.#end(register).forEach(({ fail }) => fail(error)),
      );
    }
    queue.splice(indexIn(queue, waiting.order), 0, waiting);
    this.#waiting++;
    return () => {
      const index = indexIn(queue, waiting.order);
      if (queue[index] !== waiting) return;
      queue.splice(index, 1);
      this.#waiting--;
    };
  }

  /** Ends a queue and returns its calls; they can no longer leave. */
  #end(register: RegisterId): QueuedCall[] {
    const queue = this.#queues.get(register) ?? [];
    this.#queues.delete(register);
    this.#waiting -= queue.length;
    return queue.splice(0);
  }
}

/** The index of `order` in the queue, or where it belongs. */
function indexIn(queue: readonly QueuedCall[], order: number): number {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queue[middle].order < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
