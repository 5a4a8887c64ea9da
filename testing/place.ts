import type { GuestNode } from "../guest/guest_node.ts";
import type { ClusterNode } from "../lib/cluster/cluster_node.ts";
import type { Machine } from "./machine.ts";
import { delayOf } from "./timers.ts";

/**
 * The machine of one start of a node, for the user's own code there: what waits by it waits longer while the machine is
 * paused, and forever after a crash.
 */
export interface WorldMachine {
  /** The id of its node. */
  readonly id: string;
  /** Resolves after that many milliseconds. */
  sleep(duration: number): Promise<void>;
  /** As the global function. */
  setTimeout(callback: () => void, delay?: number): number;
  /** As the global function. */
  clearTimeout(timer: number): void;
  /** Milliseconds since 1970 by its clock, as `Date.now()`. */
  now(): number;
}

/** One start of a node or guest: its machine, and what it is connected by. */
export class Place implements WorldMachine {
  readonly id: string;
  /** The id with a prime for each earlier start: `a`, `a'`, `a''`. */
  readonly name: string;
  readonly machine: Machine;
  node: ClusterNode | GuestNode | null = null;
  state: "up" | "crashed" | "closed" = "up";
  readonly #disconnect: () => void;
  readonly #timers = new Map<number, () => void>();
  #last = 0;

  constructor(id: string, machine: Machine, disconnect: () => void) {
    this.id = id;
    this.name = machine.name;
    this.machine = machine;
    this.#disconnect = disconnect;
  }

  sleep(duration: number): Promise<void> {
    return new Promise((resolve) => void this.setTimeout(resolve, duration));
  }

  setTimeout(callback: () => void, delay?: number): number {
    const timer = ++this.#last;
    const cancel = this.machine.setTimer(() => {
      this.#timers.delete(timer);
      callback();
    }, delayOf(delay));
    this.#timers.set(timer, cancel);
    return timer;
  }

  clearTimeout(timer: number): void {
    this.#timers.get(timer)?.();
    this.#timers.delete(timer);
  }

  now(): number {
    return this.machine.wallNow();
  }

  /** Ends it without a word. */
  crash(): void {
    this.state = "crashed";
    this.machine.crash();
    this.#disconnect();
  }
}
