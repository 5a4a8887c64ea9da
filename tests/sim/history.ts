import type { RegisterOperation } from "../checkers/put_once_register.ts";
import { checkRegisters, type Recorded } from "../checkers/registers.ts";
import type { Simulation } from "../../testing/simulation.ts";

type Saw = Omit<Extract<RegisterOperation, { type: "read" }>, "call" | "return" | "type">;
type Wrote = Omit<
  Extract<RegisterOperation, { type: "put" }>,
  "call" | "return" | "type" | "result"
>;

/** A pending put: its outcome stays unknown unless one of the methods is called. */
export interface PendingPut {
  /** It returned this result. */
  agreed(result: { value: string; token?: number }): void;
  /** It certainly had no effect. */
  refused(): void;
}

/** A pending read: it does not count unless `saw` is called. */
export interface PendingRead {
  /** It saw this state of the key `on`. */
  saw(on: string, saw: Saw): void;
}

/** All operations of the users in a run, with their results. */
export class History {
  readonly #simulation: Simulation;
  readonly #operations = new Set<Recorded>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** The number of operations that count. */
  get size(): number {
    return this.#operations.size;
  }

  /** A put begins. */
  put(on: string, label: string, wrote: Wrote): PendingPut {
    const call = this.#simulation.instant();
    // Until it returns, it is unknown whether it takes effect.
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

  /** A violation for each key whose history is not linearizable. */
  check(): string[] {
    return checkRegisters(this.#operations);
  }
}
