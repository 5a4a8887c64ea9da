/** Something that happens at a moment of virtual time. */
export interface Event {
  /** Milliseconds since the simulation began. */
  readonly time: number;
  readonly run: () => void;
}

interface Entry extends Event {
  /** Which came first, among events of one moment. */
  readonly sequence: number;
}

/** What is still to happen, first things first: a binary heap. */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #sequence = 0;

  /** How many events are waiting. */
  get size(): number {
    return this.#heap.length;
  }

  /** The next event, which stays in the queue. */
  peek(): Event | undefined {
    return this.#heap[0];
  }

  /** Puts an event in; those of one moment come out in the order in which they came in. */
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

  /** Takes the next event out. */
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
