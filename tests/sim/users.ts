import type { Frame } from "../../lib/paxos/messages.ts";
import type { Station } from "./cluster.ts";
import type { Machine } from "./machine.ts";
import type { Operations } from "./operations.ts";

/** What the run does for its users at the end, when there are no faults any more. */
export interface Finale {
  /** The nodes that are up and ready. */
  readonly up: readonly Station[];
  /** Lets time pass until `promise` is settled; `undefined` if that takes too long. */
  within<T>(promise: Promise<T>): Promise<T | undefined>;
  /** Lets so many milliseconds pass. */
  pass(duration: number): Promise<void>;
}

/** What people do with a cluster in a run, and what they check by themselves. */
export interface Users {
  readonly operations: Operations;
  /** Nothing more begins; what is under way goes on. */
  stop(): void;
  /** Sees each frame that is sent. */
  frame?(frame: Frame): void;
  /** Looks at everything at `time`, which is now: called after every event. */
  judge(time: number): void;
  /** Uses everything once more, and checks that nothing is left of what is over. */
  finale(finale: Finale): Promise<void>;
  /** Checks what can only be known when all nodes have closed. */
  finish(): void;
  /** How much there was that the checks had to judge. */
  readonly judged: Readonly<Record<string, number>>;
}

/** How long an operation may take when there are no faults, however unlucky, in milliseconds. */
export const FINAL_TIMEOUT = 5_000;

/** Waits on the clock of `machine`; for ever, if that crashes. */
export function sleep(machine: Machine, duration: number): Promise<void> {
  return new Promise((resolve) => machine.setTimer(resolve, duration));
}
