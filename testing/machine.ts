import type { Runtime } from "../lib/node/runtime/runtime.ts";
import type { Random } from "./random.ts";
import type { Simulation } from "./simulation.ts";

/** The properties of the clocks of a machine. */
export interface ClockOptions {
  /** The rate of its clocks: 1.01 gains ten milliseconds per second. */
  readonly rate: number;
  /** The initial lead of its wall clock, in milliseconds. */
  readonly wallOffset: number;
  /** The reading of its monotonic clock at the start of the simulation, in milliseconds. */
  readonly monotonicOffset: number;
  /** The resolution that both clocks are rounded down to, in milliseconds; 0 for no rounding. */
  readonly step: number;
}

/** The start of every simulation by a correct wall clock, in milliseconds since 1970: 2026-01-01. */
export const EPOCH = 1_767_225_600_000;

/** The longest delay of `setTimeout`, in milliseconds; a longer one fires at once in every runtime. */
const MAX_DELAY = 2 ** 31 - 1;

/** The random lateness of timers, in milliseconds: code must not rely on the order of close timers. */
const TIMER_JITTER = 1;

/**
 * The machine of one start of one node: a {@linkcode Runtime} whose clocks run too fast, run too slow or
 * jump, and that can be paused, stalled and crashed.
 */
export class Machine implements Runtime {
  readonly name: string;
  readonly #simulation: Simulation;
  readonly #random: Random;
  readonly #clock: ClockOptions;
  readonly #timers = new Set<symbol>();
  #wallOffset: number;
  #latestWall = 0;
  #crashed = false;
  /** The end of its pause (virtual time). */
  #pausedUntil = 0;
  /** The planned end of all pauses so far (virtual time). */
  #lateUntil = 0;
  /** The end of a turn that stalled half-way (virtual time). */
  #stalledUntil = 0;
  /** The present pause with a stopped monotonic clock, if there is one (virtual time). */
  #sleep: { readonly from: number; readonly until: number } | null = null;
  /** The total time that the monotonic clock was stopped, in virtual milliseconds. */
  #slept = 0;
  #stall: { chance: number; longest: number } = { chance: 0, longest: 0 };
  /** The time at which `peek` looks at it from outside (virtual time). */
  #peeking: number | null = null;

  constructor(simulation: Simulation, name: string, random: Random, clock: ClockOptions) {
    this.name = name;
    this.#simulation = simulation;
    this.#random = random;
    this.#clock = clock;
    this.#wallOffset = clock.wallOffset;
  }

  now(): number {
    this.#maybeStall();
    return this.#rounded(this.#monotonic());
  }

  wallNow(): number {
    this.#maybeStall();
    return this.#rounded(this.#wall());
  }

  clockError(): number {
    return this.#clock.step;
  }

  setTimer(callback: () => void, delay: number): () => void {
    if (Number.isNaN(delay) || delay > MAX_DELAY) {
      throw new RangeError(`a timer of ${delay} ms would fire at once`);
    }
    const timer = Symbol();
    this.#timers.add(timer);
    this.#arm(timer, callback, this.#monotonic() + Math.max(0, delay));
    return () => this.#timers.delete(timer);
  }

  defer(callback: () => void): void {
    queueMicrotask(() => {
      if (!this.#crashed) callback();
    });
  }

  random(): number {
    return this.#random.fraction();
  }

  /** The virtual time of this machine: ahead of other machines while its turn is stalled. */
  get time(): number {
    if (this.#peeking !== null) return this.#peeking;
    return Math.max(this.#simulation.time, this.#stalledUntil);
  }

  /** Whether it has crashed. */
  get crashed(): boolean {
    return this.#crashed;
  }

  /** The latest time that its wall clock has shown so far. */
  get latestWall(): number {
    return this.#crashed ? this.#latestWall : Math.max(this.#latestWall, this.#wall());
  }

  /** The virtual time until which due work may be delayed, even if the pause was cut short. */
  get lateUntil(): number {
    return Math.max(this.#lateUntil, this.#stalledUntil);
  }

  /** The number of timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Runs `callback` as soon as the machine can: now, after its pause, or never. */
  run(callback: () => void): void {
    if (this.#crashed) return;
    const busyUntil = Math.max(this.#pausedUntil, this.#stalledUntil);
    if (busyUntil <= this.#simulation.time) return callback();
    // Work that waited for the end of a pause runs in random order.
    const at = busyUntil + this.#random.between(0, TIMER_JITTER);
    this.#simulation.at(at, () => this.run(callback));
  }

  /**
   * Runs `look` with the present state of the machine and its clocks as they will be at `time` (virtual time;
   * not before now), without an effect on the machine.
   */
  peek<T>(time: number, look: () => T): T {
    const before = this.#peeking;
    this.#peeking = time;
    try {
      return look();
    } finally {
      this.#peeking = before;
    }
  }

  /** Stops it forever: no timer fires, and no frame is received or sent. */
  crash(): void {
    this.#latestWall = this.latestWall;
    this.#crashed = true;
    this.#timers.clear();
  }

  /** Stops it for `duration` milliseconds; work that is due meanwhile runs afterwards. */
  pause(duration: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#simulation.time + duration);
    this.#lateUntil = Math.max(this.#lateUntil, this.#pausedUntil);
  }

  /** As {@linkcode pause}, with a monotonic clock that stops, too, as some do during sleep. */
  sleep(duration: number): void {
    if (this.#sleep !== null && this.#sleep.until > this.#simulation.time) return;
    this.#settleSleep();
    this.pause(duration);
    this.#sleep = { from: this.#simulation.time, until: this.#simulation.time + duration };
  }

  /** Sets the wall clock forward, or back. */
  stepWall(milliseconds: number): void {
    this.#latestWall = this.latestWall;
    this.#wallOffset += milliseconds;
  }

  /**
   * From now on some readings of the clock take up to `longest` milliseconds: the machine stops in the middle
   * of a turn, and continues there with its earlier beliefs.
   */
  stallSometimes(chance: number, longest: number): void {
    this.#stall = { chance, longest };
  }

  /** Ends a present pause, and stalls from now on. */
  calm(): void {
    this.#pausedUntil = Math.min(this.#pausedUntil, this.#simulation.time);
    if (this.#sleep !== null && this.#sleep.until > this.#simulation.time) {
      this.#sleep = { from: this.#sleep.from, until: this.#simulation.time };
    }
    this.#stall = { chance: 0, longest: 0 };
  }

  #rounded(time: number): number {
    const { step } = this.#clock;
    return step === 0 ? time : Math.floor(time / step) * step;
  }

  #wall(): number {
    return Math.floor(EPOCH + this.#wallOffset + this.time * this.#clock.rate);
  }

  #monotonic(): number {
    this.#settleSleep();
    const standing = this.#sleep === null ? 0 : this.time - this.#sleep.from;
    const elapsed = this.time - this.#slept - standing;
    return this.#clock.monotonicOffset + elapsed * this.#clock.rate;
  }

  #settleSleep(): void {
    if (this.#sleep === null || this.time < this.#sleep.until) return;
    this.#slept += this.#sleep.until - this.#sleep.from;
    this.#sleep = null;
  }

  #maybeStall(): void {
    if (this.#stall.chance === 0 || this.#peeking !== null || this.#crashed) return;
    if (!this.#random.chance(this.#stall.chance)) return;
    this.#stalledUntil = this.time + this.#random.between(0, this.#stall.longest);
    this.#simulation.note(`${this.name} stalls until ${this.#stalledUntil.toFixed(3)}`);
  }

  /** Makes `timer` fire when the monotonic clock shows `due`, or later. */
  #arm(timer: symbol, callback: () => void, due: number): void {
    const left = Math.max(0, due - this.#monotonic()) / this.#clock.rate;
    this.#simulation.at(this.time + left + this.#random.between(0, TIMER_JITTER), () => {
      if (!this.#timers.has(timer)) return; // cancelled
      this.run(() => {
        if (!this.#timers.has(timer)) return;
        // Too early if the monotonic clock was stopped meanwhile.
        if (this.#monotonic() < due) return this.#arm(timer, callback, due);
        this.#timers.delete(timer);
        callback();
      });
    });
  }
}
