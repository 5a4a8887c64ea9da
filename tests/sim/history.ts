import { findLinearization, type Linearization, partitionBy } from "../checkers/linearizability.ts";
import {
  putOnceRegister,
  type RegisterOperation,
  type RegisterState,
} from "../checkers/put_once_register.ts";
import type { Simulation } from "./simulation.ts";

/** An operation on one key, by one node. */
export type Recorded = RegisterOperation & {
  /** The key. */
  readonly on: string;
  /** Who, and what: for a person. */
  readonly label: string;
};

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
    const violations: string[] = [];
    for (const [on, operations] of partitionBy(this.#operations, (o) => o.on)) {
      const found = findLinearization<RegisterState, Recorded>(
        putOnceRegister(operations),
        operations,
      );
      if (!found.ok) violations.push(explain(on, operations, found));
    }
    return violations;
  }
}

function explain(
  on: string,
  operations: readonly Recorded[],
  found: Linearization<RegisterState, Recorded>,
): string {
  if (found.ok) throw new TypeError("there is nothing to explain");
  const lines = found.order.map((operation) => `  ${show(operation)}`);
  const shown = lines.slice(-15);
  if (shown.length < lines.length) shown.unshift(`  ... ${lines.length - shown.length} before`);
  return [
    `${on}: ${operations.length} operations are not linearizable. The longest order is`,
    ...shown,
    `after which it holds ${
      found.state.present?.value ?? "nothing"
    }, and none of these can follow:`,
    ...found.stuck.map((operation) => `  ${show(operation)}`),
  ].join("\n");
}

/** One operation in one line. */
export function show(operation: Recorded): string {
  const time = `[${operation.call}, ${operation.return}]`;
  if (operation.type === "put") {
    const { value, bound, result } = operation;
    const outcome = result ? `${result.value}${result.token ? ` @${result.token}` : ""}` : "?";
    return `${time} ${operation.label}: put ${value}${bound ? " (bound)" : ""} -> ${outcome}`;
  }
  const { present, value, token, node, pid } = operation;
  const saw = { present, value, token, node, pid };
  return `${time} ${operation.label}: read -> ${JSON.stringify(saw)}`;
}
