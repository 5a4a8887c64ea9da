import type { Operation } from "./client.ts";

/** A call of an operation. */
export interface Called {
  readonly client: number;
  readonly operation: Operation;
  /** The number of operations that had returned when it was called. */
  readonly called: number;
  /** Its place in the order of returns, from 1; `null`: it runs, or ended with an unknown outcome. */
  readonly returned: number | null;
  /** Its result. */
  readonly result: string;
}

/**
 * Whether there is an order of the operations that explains all results and agrees with real time (Herlihy &
 * Wing, *Linearizability*, 1990). Running operations may have taken effect or not. The histories are short
 * enough to try all orders.
 */
export function isLinearizable(history: readonly Called[], content: string): boolean {
  if (history.some(({ operation }) => operation.kind === "replace")) {
    return isLinearizable(history.flatMap(split), content);
  }
  if (history.every(({ returned }) => returned === null)) return true;
  return history.some((next) => {
    const others = history.filter((other) => other !== next);
    // An operation that returned before this call comes before it.
    const isFirst = others.every(({ returned }) => returned === null || returned > next.called);
    if (!isFirst) return false;
    return apply(next.operation, content).some(({ result, after }) =>
      (next.returned === null || next.result === result) && isLinearizable(others, after)
    );
  });
}

/** The two operations of a "replace", which need not take effect together. */
function split(called: Called): readonly Called[] {
  const { operation } = called;
  if (operation.kind !== "replace") return [called];
  const { letter, writers } = operation;
  return [
    { ...called, operation: { kind: "clear", letter }, result: "" },
    { ...called, operation: { kind: "update", letter, writers } },
  ];
}

/** The possible effects of an operation without concurrency; `""` is an empty register. */
function apply(
  { kind, letter }: Operation,
  content: string,
): readonly { result: string; after: string }[] {
  const nothing = { result: content, after: content };
  switch (kind) {
    case "put":
    case "bound":
      return [content === "" ? { result: letter, after: letter } : nothing];
    case "lapse":
      return content === "" ? [{ result: letter, after: letter }, nothing] : [nothing];
    case "append":
      return [{ result: content, after: content + letter }];
    case "update":
      return [{ result: content + letter, after: content + letter }];
    case "replace":
      throw new Error("two operations have no order");
    case "clear":
      return [{ result: "", after: "" }];
    case "release":
      return [{ result: content, after: content === letter ? "" : content }];
    case "read":
      return [nothing];
  }
}
