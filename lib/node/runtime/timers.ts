import { LinkedList } from "./linked_list.ts";

/**
 * Grain of the timers, in milliseconds: they end at multiples of it, and so up to one grain late. Delays of at
 * most `SHORT` get a timer of the runtime of their own.
 */
const SLOT = 4;
const SHORT = 4 * SLOT;

/**
 * Most slots that a delay may span: longer ones end at multiples of 2, 4, 8, ... slots, which bounds the number
 * of slots. So a timer is late by at most one 256th of its delay, or by one slot.
 */
const MOST_SLOTS = 512;

/**
 * Delay after which a timer of the runtime that has not fired may be lost, in milliseconds: more than a runtime
 * is late by itself. Fake timers of a test that are removed never fire. A timer that is only late, because the
 * process is busy, still fires, beside its replacement.
 */
const LOST_AFTER = 4 * SLOT;

/** Longest delay that `setTimeout` takes, in milliseconds; with a longer one it fires at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Calls `callback` once after `wait` milliseconds; returns the function that prevents it. */
export type StartTimer = (callback: () => void, wait: number) => () => void;

/** A number and the callbacks that are due at that multiple of `SLOT`. */
interface Slot {
  readonly number: number;
  readonly callbacks: LinkedList<() => void>;
}

/** A timer of the runtime. */
interface Armed {
  /** When it is due, or its latest replacement is. */
  due: number;
  /** Cancels the timer. */
  readonly cancel: () => void;
  /** Cancels its replacement. */
  cancelOther: () => void;
}

const nothing = (): void => {};

/**
 * Many timers on one timer of the runtime. Nearly every timer of a node is cancelled before it fires (a request
 * is answered before it would be sent again). A runtime takes a microsecond or more to set and clear one; here
 * that is a place in a list.
 */
export class Timers {
  readonly #now: () => number;
  readonly #start: StartTimer;
  readonly #slots = new Map<number, Slot>();
  /** The same slots as a binary heap, the earliest first. Empty ones stay until they are due. */
  readonly #order: Slot[] = [];
  /** The number of callbacks in slots; with none, the timer is cleared and the process may exit. */
  #size = 0;
  #armed: (Armed & { readonly number: number }) | undefined;
  /**
   * Short timers, which have a timer of the runtime of their own, the oldest first, by the function that fires.
   */
  readonly #short = new Map<() => void, Armed>();

  /** Measures time with `now`, which never goes back; `start` starts a timer of the runtime. */
  constructor(now: () => number, start: StartTimer) {
    this.#now = now;
    this.#start = start;
  }

  /** Calls `callback` once after `delay` milliseconds; returns the function that prevents it. */
  set(callback: () => void, delay: number): () => void {
    const now = this.#now();
    this.#replaceLost(now);
    if (!(delay > SHORT)) return this.#startShort(callback, Math.max(0, delay), now);
    let width = 1;
    while (delay > MOST_SLOTS * width * SLOT) width *= 2;
    const slot = this.#slot(Math.ceil((now + delay) / (width * SLOT)) * width);
    const place = slot.callbacks.add(callback);
    this.#size++;
    return () => {
      if (!slot.callbacks.remove(place)) return;
      if (--this.#size === 0) this.#clear();
    };
  }

  /** The number of slots, empty ones included. */
  get slots(): number {
    return this.#slots.size;
  }

  #startShort(callback: () => void, delay: number, now: number): () => void {
    const fire = () => {
      if (!this.#short.delete(fire)) return;
      // Cancels both the timer and its replacement, if there is one.
      cancel(armed);
      callback();
    };
    const armed = this.#armedBy(fire, delay, now);
    this.#short.set(fire, armed);
    return () => {
      if (this.#short.delete(fire)) cancel(armed);
    };
  }

  /**
   * Replaces timers that are overdue, in case the runtime lost them: a new timer fires in a turn of its own.
   */
  #replaceLost(now: number): void {
    if (this.#armed !== undefined) this.#replace(this.#armed, this.#fire, now);
    if (this.#short.size === 0) return;
    for (const [fire, armed] of this.#short) if (!this.#replace(armed, fire, now)) break;
  }

  /** Replaces the timer if it is overdue; returns whether it was. */
  #replace(armed: Armed, fire: () => void, now: number): boolean {
    if (now <= armed.due + LOST_AFTER) return false;
    armed.cancelOther();
    armed.due = now;
    armed.cancelOther = this.#start(fire, 0);
    return true;
  }

  #armedBy(fire: () => void, wait: number, now: number): Armed {
    const cancel = this.#start(fire, wait);
    return { due: now + wait, cancel, cancelOther: nothing };
  }

  #slot(number: number): Slot {
    let slot = this.#slots.get(number);
    if (slot === undefined) {
      slot = { number, callbacks: new LinkedList() };
      this.#slots.set(number, slot);
      this.#push(slot);
    }
    if (this.#armed === undefined || number < this.#armed.number) this.#arm(number);
    return slot;
  }

  #arm(number: number): void {
    this.#disarm();
    const now = this.#now();
    const wait = Math.min(LONGEST_TIMEOUT, Math.max(0, number * SLOT - now));
    this.#armed = { number, ...this.#armedBy(this.#fire, wait, now) };
  }

  #disarm(): void {
    if (this.#armed !== undefined) cancel(this.#armed);
    this.#armed = undefined;
  }

  readonly #fire = (): void => {
    this.#disarm();
    const now = this.#now();
    const due: Slot[] = [];
    while (this.#order.length > 0) {
      const first = this.#order[0];
      if (first.number * SLOT > now && first.callbacks.size > 0) break;
      due.push(this.#pop());
      this.#slots.delete(first.number);
    }
    // Before the callbacks: a callback may throw, or set more timers.
    if (this.#order.length > 0) this.#arm(this.#order[0].number);
    for (const { callbacks } of due) {
      for (let next = callbacks.shift(); next !== undefined; next = callbacks.shift()) {
        this.#size--;
        this.#call(next);
      }
    }
    if (this.#size === 0) this.#clear();
  };

  /** Drops the slots and the timer of the runtime. */
  #clear(): void {
    this.#disarm();
    this.#slots.clear();
    this.#order.length = 0;
  }

  #push(slot: Slot): void {
    const order = this.#order;
    let index = order.push(slot) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (order[parent].number < slot.number) break;
      order[index] = order[parent];
      index = parent;
    }
    order[index] = slot;
  }

  #pop(): Slot {
    const order = this.#order;
    const first = order[0];
    const last = order.pop()!;
    if (order.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= order.length) break;
      if (child + 1 < order.length && order[child + 1].number < order[child].number) child++;
      if (order[child].number >= last.number) break;
      order[index] = order[child];
      index = child;
    }
    order[index] = last;
    return first;
  }

  /** An error of one callback does not prevent the others; it is thrown later as an uncaught error. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#start(() => {
        throw error;
      }, 0);
    }
  }
}

function cancel(armed: Armed): void {
  armed.cancel();
  armed.cancelOther();
}
