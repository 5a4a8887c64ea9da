import { findLinearization, type Model, partitionBy, type Timed } from "./linearizability.ts";

/**
 * An operation on one cell. Without `result` its outcome is unknown. Every value of a history is written once: that of
 * an update is `name<before`, where `before` is the name of the value that its function got, or nothing.
 */
export type CellOperation =
  & Timed
  & (
    | { readonly type: "set"; readonly name: string; readonly result?: { readonly token: number } }
    | {
      readonly type: "compareAndSet";
      readonly name: string;
      /** The token that it compares; 0: no value. */
      readonly over: number;
      readonly result?: { readonly token: number } | "conflict";
    }
    | {
      readonly type: "update";
      readonly name: string;
      /** The name of the value that its function got when it took effect; `null`: none. */
      readonly result?: { readonly before: string | null; readonly token: number };
    }
    | { readonly type: "delete"; readonly result?: true }
    | { readonly type: "read"; readonly name: string | null; readonly token?: number }
  );

/** The state of a cell. */
export interface CellState {
  /** The name of its value; `null`: it has none. */
  readonly name: string | null;
  /** Its token, once it was observed. */
  readonly token: number | null;
  /** The highest token observed before: the present one is greater. */
  readonly above: number;
}

/** A register with compare-and-set, whose tokens grow from value to value. */
export const CELL: Model<CellState, CellOperation> = {
  initial: { name: null, token: null, above: 0 },

  apply(state, operation) {
    switch (operation.type) {
      case "set":
        return written(state, operation.name, operation.result?.token);
      case "compareAndSet": {
        const { over, name, result } = operation;
        if (result === "conflict") {
          const isOver = over === 0
            ? state.name === null
            : state.name !== null && state.token === over;
          return isOver ? [] : [state];
        }
        const before = over === 0
          ? (state.name === null ? state : undefined)
          : state.name === null
          ? undefined
          : observed(state, over);
        return before === undefined ? [] : written(before, name, result?.token);
      }
      case "update": {
        const { name, result } = operation;
        if (result !== undefined && result.before !== state.name) return [];
        return written(state, name, result?.token);
      }
      case "delete":
        return [{ name: null, token: null, above: state.token ?? state.above }];
      case "read": {
        if (operation.name !== state.name) return [];
        const seen = operation.token === undefined ? state : observed(state, operation.token);
        return seen === undefined ? [] : [seen];
      }
    }
  },

  key: ({ name, token, above }) => `${name} ${token} ${above}`,

  onlyLooks: (operation) =>
    operation.type === "read" ||
    (operation.type === "compareAndSet" && operation.result === "conflict"),

  kind: (operation) => {
    if (operation.type === "delete") return "delete";
    const isAlike = operation.type !== "read" && operation.name === UNSEEN &&
      operation.type !== "compareAndSet";
    return isAlike ? "unseen" : undefined;
  },
};

/** The name of every value of an unknown outcome that no operation has seen: one is as good as another. */
const UNSEEN = "unseen";

/** The operations of one cell, with `UNSEEN` for what they do not tell apart: else each would double the search. */
export function withUnseen<O extends CellOperation>(operations: readonly O[]): O[] {
  const seen = new Set<string | null>();
  for (const operation of operations) {
    if (operation.type === "read") seen.add(operation.name);
    if (operation.type === "update" && operation.result !== undefined) {
      seen.add(operation.result.before);
    }
  }
  return operations.map((operation) => {
    const isUnknown = operation.type !== "read" && operation.result === undefined;
    if (!isUnknown || operation.type === "delete" || seen.has(operation.name)) return operation;
    return { ...operation, name: UNSEEN };
  });
}

/** The state after a write, whose token is greater than the one before. */
function written(state: CellState, name: string, token: number | undefined): CellState[] {
  const after: CellState = { name, token: null, above: state.token ?? state.above };
  const seen = token === undefined ? after : observed(after, token);
  return seen === undefined ? [] : [seen];
}

/** The state, in which this token was observed; `undefined`: it cannot have it. */
function observed(state: CellState, token: number): CellState | undefined {
  if (token === state.token) return state;
  return state.token === null && token > state.above ? { ...state, token } : undefined;
}

/** An operation on one of several cells. */
export type RecordedCell = CellOperation & {
  /** The cell. */
  readonly on: string;
  /** The node and the operation, for people. */
  readonly label: string;
};

/** A description for each cell whose history is not linearizable. */
export function checkCells(history: Iterable<RecordedCell>): string[] {
  const violations: string[] = [];
  for (const [on, operations] of partitionBy(history, (operation) => operation.on)) {
    const found = findLinearization<CellState, RecordedCell>(CELL, withUnseen(operations));
    if (found.ok) continue;
    const order = found.order.slice(-15).map((operation) => `  ${show(operation)}`);
    violations.push([
      `${on}: ${operations.length} operations are not linearizable. The end of the longest order is`,
      ...order,
      `after which it holds ${found.state.name ?? "nothing"}, and none of these can follow:`,
      ...found.stuck.map((operation) => `  ${show(operation)}`),
    ].join("\n"));
  }
  return violations;
}

function show({ label, call, return: end, on: _on, ...operation }: RecordedCell): string {
  return `[${call}, ${end}] ${label}: ${JSON.stringify(operation)}`;
}
