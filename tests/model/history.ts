import type { Operation } from "./client.ts";

/** One operation that was called. */
export interface Called {
  readonly client: number;
  readonly operation: Operation;
  /** How many operations had returned when it was called. */
  readonly called: number;
  /** It was the n-th to return; `null`: it runs, or ended without anybody knowing how. */
  readonly returned: number | null;
  /** What it returned. */
  readonly result: string;
}

/**
 * Whether some order of the operations explains all results, and agrees with real time (Herlihy & Wing,
 * *Linearizability*, 1990). Operations that run may have taken effect or not. There are few enough for
 * trying all orders.
 */
export function isLinearizable(history: readonly Called[], content: string): boolean {
  if (history.every(({ returned }) => returned === null)) return true;
  return history.some((next) => {
    const others = history.filter((other) => other !== next);
    // What returned before it was called comes before it.
    const isFirst = others.every(({ returned }) => returned === null || returned > next.called);
    if (!isFirst) return false;
    return apply(next.operation, content).some(({ result, after }) =>
      (next.returned === null || next.result === result) && isLinearizable(others, after)
    );
  });
}

/** What an operation can do when nothing else happens; `""` stands for nothing. */
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
    case "release":
      return [{ result: content, after: content === letter ? "" : content }];
    case "read":
      return [nothing];
  }
}
