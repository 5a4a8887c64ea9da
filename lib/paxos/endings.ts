import { NumberMap } from "./number_map.ts";
import type { Present, RegisterId, SessionId, State } from "./register.ts";

/** The causes that end values. */
export type Cause =
  /** A time, by wall clocks; rounded up to {@linkcode UNTIL_GRAIN}. */
  | { readonly kind: "until"; readonly time: number }
  /** The end of a session that owns the value, or that holds or waits for the lock. */
  | { readonly kind: "session"; readonly session: SessionId }
  /** The end of another value. */
  | { readonly kind: "key"; readonly register: RegisterId; readonly token: number };

/** Registers that depend on one and the same cause. */
export interface Ending {
  /** The cause that they depend on. */
  readonly cause: Cause;
  /** The registers held now; one that is released or overwritten is removed. */
  readonly registers: Set<RegisterId>;
}

/**
 * Grain of the times, in milliseconds; they are rounded up to multiples of it, so that the values of a burst
 * share one ending.
 */
export const UNTIL_GRAIN = 100;

/** Empty times that the queue may hold before it is rebuilt. */
const MAX_EMPTY_TIMES = 1_000;

/**
 * An acceptor's index of the causes that may end its values (section 8). It finds values that have ended
 * without a search through all registers, and without a request for them.
 */
export class Endings {
  /** By the rounded time. */
  readonly #untils = new NumberMap<Ending>();
  /** A binary heap of these times, the earliest first; some of them may be empty by now. */
  #times: number[] = [];
  readonly #sessions = new Map<SessionId, Ending>();
  /** By the register and the token that others are bound to. */
  readonly #keys = new Map<RegisterId, NumberMap<Ending>>();
  /** The key endings whose value is not held here, or is no longer held. */
  readonly #valueMissing = new Set<Ending>();
  readonly #stateOf: (register: RegisterId) => State | null;
  #listener: (isKey: boolean) => void = () => {};

  /** An empty index; `stateOf` returns the state that the acceptor holds for a register. */
  constructor(stateOf: (register: RegisterId) => State | null) {
    this.#stateOf = stateOf;
  }

  /**
   * Calls `listener` for each new earliest time, for a first session, and (with `isKey`) for a key
   * ending.
   */
  onNews(listener: (isKey: boolean) => void): void {
    this.#listener = listener;
  }

  /** Notes that a register holds `after` in place of `before`; to be called once it is stored. */
  replace(register: RegisterId, before: State | null, after: State | null): void {
    const owners = before?.present ? before.owners : [];
    for (const session of owners) this.#sessions.get(session)?.registers.delete(register);
    if (before?.present) this.#leave(register, before);
    if (after?.present) this.#join(register, after);
    // Last, so that an ending in which the register stays is the same one, and what was found out about it still holds.
    for (const session of owners) {
      if (this.#sessions.get(session)?.registers.size === 0) this.#sessions.delete(session);
    }
    const bound = this.#keys.get(register);
    if (bound !== undefined) { for (const ending of bound.values()) this.#classify(ending); }
  }

  /** The earliest time at which values end. */
  get next(): number {
    while (this.#times.length > 0 && !this.#untils.has(this.#times[0])) popTime(this.#times);
    return this.#times[0] ?? Infinity;
  }

  /** Hands out, once, the earliest ending at or before `time`. */
  takeUntil(time: number): Ending | undefined {
    return this.next > time ? undefined : this.#untils.get(popTime(this.#times) ?? Infinity);
  }

  /** The endings by session. */
  get sessions(): ReadonlyMap<SessionId, Ending> {
    return this.#sessions;
  }

  /**
   * The endings of registers that are bound to a value which this acceptor does not hold: it has ended, or this
   * acceptor missed it.
   */
  get valueMissing(): ReadonlySet<Ending> {
    return this.#valueMissing;
  }

  #join(register: RegisterId, { bindings, owners }: Present): void {
    if (bindings.length + owners.length === 0) return;
    for (const binding of bindings) {
      if (binding.kind === "until") this.#joinUntil(register, binding.time);
      if (binding.kind === "key") this.#joinKey(register, binding.register, binding.token);
    }
    for (const session of owners) {
      let ending = this.#sessions.get(session);
      if (ending === undefined) {
        ending = { cause: { kind: "session", session }, registers: new Set() };
        this.#sessions.set(session, ending);
        if (this.#sessions.size === 1) this.#listener(false);
      }
      ending.registers.add(register);
    }
  }

  #joinUntil(register: RegisterId, until: number): void {
    // A value that lasts for ever does not end by its time.
    if (until === Infinity) return;
    const time = rounded(until);
    let ending = this.#untils.get(time);
    if (ending === undefined) {
      ending = { cause: { kind: "until", time }, registers: new Set() };
      const isFirst = time < this.next;
      this.#untils.set(time, ending);
      pushTime(this.#times, time);
      if (isFirst) this.#listener(false);
    }
    ending.registers.add(register);
  }

  #joinKey(register: RegisterId, key: RegisterId, token: number): void {
    let endings = this.#keys.get(key);
    if (endings === undefined) this.#keys.set(key, endings = new NumberMap());
    let ending = endings.get(token);
    if (ending === undefined) {
      ending = { cause: { kind: "key", register: key, token }, registers: new Set() };
      endings.set(token, ending);
    }
    ending.registers.add(register);
    this.#classify(ending);
  }

  #leave(register: RegisterId, { bindings }: Present): void {
    for (const binding of bindings) {
      if (binding.kind === "until" && binding.time !== Infinity) {
        const time = rounded(binding.time);
        if (isEmptyWithout(this.#untils.get(time), register)) this.#untils.delete(time);
        if (this.#times.length <= 2 * this.#untils.size + MAX_EMPTY_TIMES) continue;
        // A sorted array is a heap.
        this.#times = [...this.#untils.keys()].sort((a, b) => a - b);
      }
      if (binding.kind === "key") this.#leaveKey(register, binding.register, binding.token);
    }
  }

  #leaveKey(register: RegisterId, key: RegisterId, token: number): void {
    const endings = this.#keys.get(key);
    const ending = endings?.get(token);
    if (endings === undefined || ending === undefined) return;
    if (!isEmptyWithout(ending, register)) return;
    this.#valueMissing.delete(ending);
    endings.delete(token);
    if (endings.size === 0) this.#keys.delete(key);
  }

  #classify(ending: Ending): void {
    if (ending.cause.kind !== "key") return;
    const { register, token } = ending.cause;
    const state = this.#stateOf(register);
    if (state?.present && state.token === token) {
      this.#valueMissing.delete(ending);
    } else if (!this.#valueMissing.has(ending)) {
      this.#valueMissing.add(ending);
      this.#listener(true);
    }
  }
}

function rounded(time: number): number {
  return Math.ceil(time / UNTIL_GRAIN) * UNTIL_GRAIN;
}

/** Removes `register` from `ending`; returns whether nothing is left. */
function isEmptyWithout(ending: Ending | undefined, register: RegisterId): boolean {
  if (ending === undefined) return false;
  ending.registers.delete(register);
  return ending.registers.size === 0;
}

function pushTime(times: number[], time: number): void {
  let index = times.push(time) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (times[parent] <= time) break;
    times[index] = times[parent];
    index = parent;
  }
  times[index] = time;
}

function popTime(times: number[]): number | undefined {
  const first = times[0];
  const last = times.pop();
  if (last === undefined || times.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= times.length) break;
    if (child + 1 < times.length && times[child + 1] < times[child]) child++;
    if (times[child] >= last) break;
    times[index] = times[child];
    index = child;
  }
  times[index] = last;
  return first;
}
