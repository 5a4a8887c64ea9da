import type { RegisterId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";

/** A task for many registers; one of the members does it to each of them. */
export interface RegisterTask {
  /** The registers that are left. They change during a pass. */
  readonly registers: () => Iterable<RegisterId>;
  /** Does it to one of them; settles when it is done or has failed. */
  readonly act: (register: RegisterId) => Promise<unknown>;
  /** Whether it can be done at present; without it, always. */
  readonly possible?: () => boolean;
}

/** Registers under way at the same time; more would delay the operations of the node's users. */
const UNDER_WAY = 128;

/** Registers begun, and registers looked at, in one turn of the event loop: about two milliseconds of work. */
const BEGUN_AT_ONCE = 32;
const LOOKED_AT_ONCE = 2_000;

/**
 * Time that each member leaves to those before it in the order, in milliseconds; longer where answers take
 * long.
 */
const TURN_TIME = 2_000;

/** Longest wait before a failed register is tried again, in milliseconds. */
const LONGEST_WAIT = 60_000;

/** The progress of a task. */
interface TaskProgress {
  readonly task: RegisterTask;
  /** Position of the running pass; `null` between two passes. */
  position: Iterator<RegisterId> | null;
  /** Whether the running pass has seen all registers. */
  passed: boolean;
  /** Registers under way. */
  running: number;
  /** Members before this one in the order of a register whose share this one takes over. */
  turn: number;
  /**
   * Registers seen in this pass, and those of them left to other members; the latter also for the pass before.
   */
  seen: number;
  left: number;
  leftBefore: number;
  /** Passes in a row in which nothing was left to other members; more than one means that attempts fail. */
  vain: number;
  cancelTimer: () => void;
}

/**
 * Goes through the registers of tasks, a few at a time. All members have the same tasks. Each begins with a
 * different share, by a hash of the register, so that their proposals do not compete. What a member leaves
 * undone for two seconds, the next one in the order takes over.
 */
export class RegisterTasks {
  readonly #engine: Engine;
  readonly #slowestMember: () => number;
  readonly #all = new Map<RegisterTask, TaskProgress>();
  /** The tasks with a pass under way. */
  readonly #passing = new Set<TaskProgress>();
  readonly #underWay = new Set<RegisterId>();
  /** Operational members before this one, by the index at which an order begins. */
  #before: number[] = [];
  #cancelSlice: (() => void) | null = null;

  /**
   * Does nothing before `add`. `slowestMember` returns about how long the slowest member takes to answer, in
   * milliseconds.
   */
  constructor(engine: Engine, slowestMember: () => number) {
    this.#engine = engine;
    this.#slowestMember = slowestMember;
  }

  /** Whether a task is under way, or soon will be, that has not failed before. */
  get isBusy(): boolean {
    for (const { vain } of this.#all.values()) if (vain === 0) return true;
    return false;
  }

  /** Begins with `task`, unless it is there already. */
  add(task: RegisterTask): void {
    if (this.#all.has(task)) return;
    const progress: TaskProgress = {
      task,
      position: null,
      passed: false,
      running: 0,
      turn: 0,
      seen: 0,
      left: 0,
      leftBefore: Infinity,
      vain: 0,
      cancelTimer: () => {},
    };
    this.#all.set(task, progress);
    this.#pass(progress);
  }

  /** Drops all tasks; registers that are under way end by themselves. */
  clear(): void {
    for (const progress of this.#all.values()) progress.cancelTimer();
    this.#all.clear();
    this.#passing.clear();
    this.#cancelSlice?.();
    this.#cancelSlice = null;
  }

  #pass(progress: TaskProgress): void {
    progress.position = progress.task.registers()[Symbol.iterator]();
    progress.passed = false;
    progress.seen = 0;
    progress.left = 0;
    this.#passing.add(progress);
    this.#sliceSoon();
  }

  #sliceSoon(): void {
    this.#cancelSlice ??= this.#engine.runtime.setTimer(() => {
      this.#cancelSlice = null;
      this.#slice();
    }, 0);
  }

  #slice(): void {
    this.#before = orderOf(this.#engine);
    let begun = 0;
    let looked = 0;
    for (const progress of this.#passing) {
      if (progress.task.possible?.() === false) {
        this.#end(progress);
        continue;
      }
      while (!progress.passed) {
        if (this.#underWay.size >= UNDER_WAY) return;
        if (begun >= BEGUN_AT_ONCE || looked >= LOOKED_AT_ONCE) return this.#sliceSoon();
        const next = progress.position!.next();
        looked++;
        if (next.done) progress.passed = true;
        else if (this.#begins(progress, next.value)) begun++;
      }
      this.#passing.delete(progress);
      this.#conclude(progress);
    }
  }

  /** Looks at one register; returns whether it was begun. */
  #begins(progress: TaskProgress, register: RegisterId): boolean {
    progress.seen++;
    if (this.#underWay.has(register)) return false;
    if (this.#before[hash(register) % this.#before.length] > progress.turn) {
      progress.left++;
      return false;
    }
    this.#underWay.add(register);
    progress.running++;
    const over = () => {
      this.#underWay.delete(register);
      progress.running--;
      if (this.#all.get(progress.task) === progress) this.#conclude(progress);
      if (this.#passing.size > 0) this.#sliceSoon();
    };
    progress.task.act(register).then(over, over);
    return true;
  }

  /** Decides what comes after a pass, once none of its registers is under way. */
  #conclude(progress: TaskProgress): void {
    const { passed, running, seen, left, leftBefore } = progress;
    if (!passed || running > 0) return;
    progress.position = null;
    if (seen === 0) return this.#end(progress);
    if (left > 0 && left >= leftBefore) {
      // The others have done nothing since the last pass: this member takes over the share of the next one of
      // them.
      progress.turn++;
      progress.leftBefore = Infinity;
      return this.#pass(progress);
    }
    progress.leftBefore = left > 0 ? left : Infinity;
    if (left === 0 && progress.turn > 0) progress.turn = 0;
    const turn = Math.max(TURN_TIME, 2 * this.#slowestMember());
    const wait = Math.max(turn, Math.min(LONGEST_WAIT, turn * 2 ** progress.vain));
    // The next pass finds nothing, unless something failed.
    progress.vain = left > 0 ? 0 : Math.min(progress.vain + 1, 10);
    progress.cancelTimer = this.#engine.runtime.setTimer(() => this.#pass(progress), wait);
  }

  #end(progress: TaskProgress): void {
    progress.cancelTimer();
    this.#passing.delete(progress);
    this.#all.delete(progress.task);
  }
}

/** Operational members before this one, for an order that begins at each of the members. */
function orderOf({ members, self, voter, runtime }: Engine): number[] {
  const now = runtime.now();
  const isPresent = members.map((id) => id === self || voter?.clocks.isPresent(id, now) === true);
  const own = members.indexOf(self);
  return members.map((_, first) => {
    let before = 0;
    for (let at = first; at !== own; at = (at + 1) % members.length) if (isPresent[at]) before++;
    return before;
  });
}

/** FNV-1a, 32 bits; the same on all members. */
function hash(register: RegisterId): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < register.length; i++) {
    sum = Math.imul(sum ^ register.charCodeAt(i), 0x01000193);
  }
  // The lowest bits of FNV depend on the lowest bits of its input alone.
  return (sum ^ (sum >>> 15)) >>> 0;
}
