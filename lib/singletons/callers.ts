import type { Life } from "../paxos/ballot.ts";
import { NumberMap } from "../paxos/number_map.ts";
import type { CallerRecord, ReceivedAttempt } from "./caller_record.ts";

/** Callers that are remembered regardless of when they called last. */
export const KEPT_CALLERS = 1_000;

/** Most callers that are remembered; the ones heard of longest ago are forgotten first, even recent ones. */
const MAX_CALLERS = 10_000;

/**
 * Staleness of a caller's place in the order of use, in milliseconds: moving it at every call would be
 * costly.
 */
const TOUCHED_EVERY = 500;

/** What the records work with. */
export interface CallersParts {
  /** The present time, in milliseconds. */
  readonly now: () => number;
  /** Time for which a silent caller is remembered, in milliseconds. */
  readonly keptFor: () => number;
  /** Called with each record that is removed, or replaced by one of a later `birth`. */
  readonly removed: (life: Life, caller: CallerRecord) => void;
}

/**
 * The callers that one life of a host remembers. Silent ones are forgotten. The highest `birth` among them stands for
 * all of them: an attempt of an unknown caller whose `birth` is not above it may have run before, and never runs again.
 * A caller that begins later has a higher `birth`, since Lamport clocks spread with every frame.
 */
export class Callers {
  readonly #parts: CallersParts;
  /** The callers heard of longest ago come first. */
  readonly #records = new Map<Life, CallerRecord>();
  /** The highest birth of a forgotten caller. */
  #forgotten = 0;

  /** Knows no caller. */
  constructor(parts: CallersParts) {
    this.#parts = parts;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#records.size;
  }

  /** Whether one was forgotten. */
  get hasForgotten(): boolean {
    return this.#forgotten > 0;
  }

  /** The records, those of the callers heard of longest ago first. */
  values(): IterableIterator<CallerRecord> {
    return this.#records.values();
  }

  /** The same with the lives of the callers. */
  entries(): IterableIterator<[Life, CallerRecord]> {
    return this.#records.entries();
  }

  /** The record of a caller, made if it is new; `undefined` if the caller may have been forgotten. */
  find(node: string, life: Life, birth: number): CallerRecord | undefined {
    const now = this.#parts.now();
    const known = this.#records.get(life);
    if (known !== undefined && birth === known.birth) {
      if (now - known.heard >= TOUCHED_EVERY) {
        known.heard = now;
        this.#records.delete(life);
        this.#records.set(life, known);
      }
      return known;
    }
    // A birth above that of the caller's record was never seen, and so never forgotten.
    if (birth <= (known?.birth ?? this.#forgotten)) return undefined;
    if (known !== undefined) this.#remove(life, known);
    const numbers = { done: 0, handed: 0, open: 0, told: 0 };
    const attempts = new NumberMap<ReceivedAttempt>();
    const sets = { busy: new NumberMap<true>(), numbers: [], waitedFor: [] };
    const names = { node, birth };
    const caller: CallerRecord = { ...names, heard: now, attempts, ...numbers, ...sets };
    this.#records.set(life, caller);
    this.#makeRoom(now);
    return caller;
  }

  /** Forgets silent callers, and the oldest ones if there are too many. */
  #makeRoom(now: number): void {
    if (this.#records.size <= KEPT_CALLERS) return;
    const keptFor = this.#parts.keptFor();
    for (const [life, caller] of this.#records) {
      const { size } = this.#records;
      const isRecent = now - caller.heard < keptFor;
      if (size <= KEPT_CALLERS || (isRecent && size <= MAX_CALLERS)) return;
      this.#forgotten = Math.max(this.#forgotten, caller.birth);
      this.#remove(life, caller);
    }
  }

  #remove(life: Life, caller: CallerRecord): void {
    this.#records.delete(life);
    this.#parts.removed(life, caller);
  }
}
