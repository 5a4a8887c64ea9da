import type { ChildContext, ChildSpec } from "../../../mod.ts";

/** A counter with further methods that callers must handle. */
export interface Counter {
  /** Counts, from the initial number. */
  inc(): number;
  /** The node that hosts it. */
  host(): string;
  /** Its argument. */
  echo(value: unknown): unknown;
  /** Throws a `RangeError`. */
  fail(message: string): never;
  /** Never returns. */
  hang(): Promise<never>;
  /** Ends this instance. */
  end(): void;
}

/** The counter of a node; calls `onHang` when a call begins that never ends. */
export function counterSpec(onHang: () => void): ChildSpec<Counter, [first: number]> {
  return {
    id: "counter",
    start: (context: ChildContext, first: number) => ({
      inc: () => first++,
      host: () => context.node,
      echo: (value) => value,
      fail(message) {
        throw new RangeError(message);
      },
      hang() {
        onHang();
        return new Promise<never>(() => {});
      },
      end: () => void context.exit(),
    }),
  };
}
