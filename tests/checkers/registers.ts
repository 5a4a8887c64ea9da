import { findLinearization, type Linearization, partitionBy } from "./linearizability.ts";
import {
  putOnceRegister,
  type RegisterOperation,
  type RegisterState,
} from "./put_once_register.ts";

/** An operation on one key, by one node. */
export type Recorded = RegisterOperation & {
  /** The key. */
  readonly on: string;
  /** The node and the operation, for people. */
  readonly label: string;
};

/** A description for each key whose history is not linearizable. */
export function checkRegisters(history: Iterable<Recorded>): string[] {
  const violations: string[] = [];
  for (const [on, operations] of partitionBy(history, (operation) => operation.on)) {
    const found = findLinearization<RegisterState, Recorded>(
      putOnceRegister(operations),
      operations,
    );
    if (!found.ok) violations.push(explain(on, operations, found));
  }
  return violations;
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
