import type { CurrentState, Decision, Draft, RegisterChange } from "./change.ts";
import type { OperationId, Present } from "./register.ts";

/** What wrote one state of a cell. */
export interface CellWriter {
  /** The operation; `null`: the state was absent. */
  readonly op: OperationId | null;
  /** The token of the state. */
  readonly token: number;
}

/** The state of a cell that has a value. */
export interface CellValue {
  /** The encoded value. */
  readonly value: Uint8Array;
  /**
   * What wrote the newest states, without a gap: the oldest first, and this state last. The list begins with the
   * absence before the first value, until it is dropped to bound the list. A delete is in it if this state was set in
   * the same round; both have the token of that.
   */
  readonly writers: readonly CellWriter[];
}

/** Writers that a cell keeps, to bound its state. A writer that cannot know its outcome looks for itself in them. */
export const MAX_WRITERS = 64;

/** Values that an operation keeps of what it wrote in its attempts, to bound memory. */
const MAX_WRITTEN = 16;

/** What an operation does to a cell. A value `null` deletes. */
export type CellCommand =
  | { readonly type: "set"; readonly value: Uint8Array }
  /** Only if the cell has this token; 0: if it has no value. */
  | { readonly type: "compareAndSet"; readonly token: number; readonly value: Uint8Array | null }
  /** `next` is pure, and gets `null` without a value. */
  | { readonly type: "update"; readonly next: (now: Uint8Array | null) => Uint8Array | null }
  | { readonly type: "delete" };

/** An operation under way, and the history of its attempts. */
export interface CellOperation {
  /** Its unique id. */
  readonly op: OperationId;
  readonly command: CellCommand;
  /** The counter of its first `accept` with a new state; `undefined` before it. */
  firstAccept?: number;
  /** What its attempts would write, by their counters. */
  readonly written: Map<number, Uint8Array>;
}

/** The outcome of one attempt. */
export type CellResult =
  /**
   * It took effect: it wrote the state with this token, in this attempt or an earlier one; 0: there was nothing to
   * write. `null`: without a value.
   */
  | { readonly kind: "done"; readonly token: number; readonly value: Uint8Array | null }
  /** The cell has another token: nothing was done. */
  | { readonly kind: "conflict" }
  /** It may have taken effect, and others have written since: that cannot be determined. */
  | { readonly kind: "unknown" };

/** How states carry the value and the writers of a cell. */
export interface CellFormat {
  readonly read: (state: Present) => CellValue;
  readonly write: (cell: CellValue) => Uint8Array;
}

/**
 * Changes a cell. An operation takes effect at most once, however often it is tried: when it looks again, it is among the
 * writers, or it was never chosen, or that cannot be known. `limit`: the number of writers that are kept.
 */
export function cellChange(
  operation: CellOperation,
  format: CellFormat,
  limit: number = MAX_WRITERS,
): RegisterChange<CellResult> {
  return ({ state, token, ballot, note: before }: CurrentState): Decision<CellResult> => {
    const { op, command, firstAccept, written } = operation;
    const cell = state?.present ? format.read(state) : null;
    // A delete in this same round has left the writers before it, and itself.
    const noted = before as readonly CellWriter[] | undefined;
    const writers = cell?.writers ?? noted ?? [{ op: null, token }];
    // The order of these tests is part of the protocol.
    const own = writers.find((writer) => writer.op === op);
    if (own !== undefined) return unchanged(wroteAt(own.token, operation));
    // It is absent, whether or not by this operation.
    if (cell === null && command.type === "delete") {
      return unchanged({ kind: "done", token: 0, value: null });
    }
    // What it wrote, and all states that were made over that, have tokens at or above its first accept; those over an
    // earlier attempt may be below its latest one. So if the list reaches back before the first accept, and it is not
    // among the writers, it was never chosen.
    if (firstAccept !== undefined && writers[0].token >= firstAccept) {
      return unchanged({ kind: "unknown" });
    }
    if (command.type === "compareAndSet" && command.token !== (cell === null ? 0 : token)) {
      return unchanged({ kind: "conflict" });
    }
    const value = valueOf(command, cell);
    const result = { kind: "done", token: ballot.counter, value } as const;
    if (value === null) {
      if (cell === null) return unchanged({ kind: "done", token: 0, value });
      // What is set in this same round keeps the history: both can tell later whether they were chosen.
      const note = [...writers, { op, token: ballot.counter }];
      return { draft: { present: false }, result, note };
    }
    keep(written, ballot.counter, value);
    const next = [...writers, { op, token: ballot.counter }].slice(-limit);
    const draft: Draft = {
      ...{ present: true, op, bindings: [], owners: [] },
      value: format.write({ value, writers: next }),
    };
    return { draft, result };
  };
}

/** What a command makes of a cell; `null`: no value. */
function valueOf(command: CellCommand, cell: CellValue | null): Uint8Array | null {
  switch (command.type) {
    case "set":
    case "compareAndSet":
      return command.value;
    case "update":
      return command.next(cell?.value ?? null);
    case "delete":
      return null;
  }
}

/** The result of an operation that wrote the state with this token. */
function wroteAt(token: number, { command, written }: CellOperation): CellResult {
  const value = command.type === "update" ? written.get(token) : valueOf(command, null);
  return value === undefined ? { kind: "unknown" } : { kind: "done", token, value };
}

function keep(written: Map<number, Uint8Array>, counter: number, value: Uint8Array): void {
  written.set(counter, value);
  for (const oldest of written.keys()) {
    if (written.size <= MAX_WRITTEN) return;
    written.delete(oldest);
  }
}

function unchanged(result: CellResult): Decision<CellResult> {
  return { draft: null, result };
}
