import type { RegisterOperation } from "../checkers/put_once_register.ts";
import { checkRegisters, type Recorded } from "../checkers/registers.ts";
import type { Simulation } from "./simulation.ts";

type Saw = Omit<Extract<RegisterOperation, { type: "read" }>, "call" | "return" | "type">;
type Wrote = Omit<
  Extract<RegisterOperation, { type: "put" }>,
  "call" | "return" | "type" | "result"
>;

/** A put whose outcome is not known yet, and never will be unless it is told here. */
export interface PendingPut {
  /** It returned this. */
  agreed(result: { value: string; token?: number }): void;
  /** It certainly had no effect. */
  refused(): void;
}

/** A read that counts for nothing unless it is told here what it saw. */
export interface PendingRead {
  /** It saw this on the key `on`. */
  saw(on: string, saw: Saw): void;
}

/** Everything that users did in a run, and what they saw. */
export class History {
  readonly #simulation: Simulation;
  readonly #operations = new Set<Recorded>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** How many operations count. */
  get size(): number {
    return this.#operations.size;
  }

  /** A put begins. */
  put(on: string, label: string, wrote: Wrote): PendingPut {
    const call = this.#simulation.instant();
    // Until it returns, nobody knows whether it takes effect.
    const unknown: Recorded = { ...wrote, type: "put", on, label, call, return: Infinity };
    this.#operations.add(unknown);
    return {
      agreed: (result) => {
        this.#operations.delete(unknown);
        this.#operations.add({ ...unknown, result, return: this.#simulation.instant() });
      },
      refused: () => void this.#operations.delete(unknown),
    };
  }

  /** A read begins. */
  read(label: string): PendingRead {
    const call = this.#simulation.instant();
    return {
      saw: (on, saw) => {
        const end = this.#simulation.instant();
        this.#operations.add({ ...saw, type: "read", on, label, call, return: end });
      },
    };
  }

  /** For each key whose history is not linearizable, what is wrong with it. */
  check(): string[] {
    return checkRegisters(this.#operations);
  }
}
