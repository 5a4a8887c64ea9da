/** An event at a moment of virtual time. */
export interface Event {
  /** Milliseconds since the simulation began. */
  readonly time: number;
  readonly run: () => void;
}

interface Entry extends Event {
  /** Orders the events of one moment. */
  readonly sequence: number;
}

/** The future events, ordered by time, in a binary heap. */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #sequence = 0;

  /** The number of waiting events. */
  get size(): number {
    return this.#heap.length;
  }

  /** The next event, which stays in the queue. */
  peek(): Event | undefined {
    return this.#heap[0];
  }

  /** Adds an event; events of one moment are returned in the order in which they were added. */
  push(time: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { time, run, sequence: this.#sequence++ };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  /** Removes and returns the next event. */
  pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
