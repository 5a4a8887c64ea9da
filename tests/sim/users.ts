import type { Frame } from "../../lib/paxos/messages.ts";
import type { Station } from "./simulated_cluster.ts";
import type { Machine } from "../../testing/machine.ts";
import type { Operations } from "./operations.ts";

/** The help that a run gives its users at the end, when there are no faults any more. */
export interface Finale {
  /** The nodes that are up and ready. */
  readonly up: readonly Station[];
  /** Lets time pass until `promise` is settled; `undefined` if that takes too long, or if it is rejected, which is reported. */
  within<T>(promise: Promise<T>): Promise<T | undefined>;
  /** Lets `duration` milliseconds pass. */
  pass(duration: number): Promise<void>;
}

/** The users of a cluster in a run, with their own checks. */
export interface Users {
  readonly operations: Operations;
  /** How long what the operations have made may last after the last of them, in milliseconds; 0 unless given. */
  readonly lasting?: number;
  /** Starts no more operations; those under way continue. */
  stop(): void;
  /** Called with each sent frame. */
  frame?(frame: Frame): void;
  /** Makes the checks at `time`, which is now; called after every event. */
  judge(time: number): void;
  /** Uses all keys, locks or singletons once more, and checks that nothing ended is left. */
  finale(finale: Finale): Promise<void>;
  /** Makes the checks that are possible only after all nodes have closed. */
  finish(): void;
  /** Counts of the checks, for statistics. */
  readonly judged: Readonly<Record<string, number>>;
}

/** The timeout of an operation without faults, in milliseconds. */
export const FINAL_TIMEOUT = 5_000;

/** Waits on the clock of `machine`; forever if that crashes. */
export function sleep(machine: Machine, duration: number): Promise<void> {
  return new Promise((resolve) => machine.setTimer(resolve, duration));
}
