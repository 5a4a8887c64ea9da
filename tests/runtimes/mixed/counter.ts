import type { ChildContext, ChildSpec } from "../../../mod.ts";

/** A counter that can also do what callers are to be prepared for. */
export interface Counter {
  /** Counts, from the number that it was started with. */
  inc(): number;
  /** The node that it runs on. */
  host(): string;
  /** What it is given. */
  echo(value: unknown): unknown;
  /** Throws a `RangeError`. */
  fail(message: string): never;
  /** Never comes to an end. */
  hang(): Promise<never>;
  /** Ends this instance. */
  end(): void;
}

/** The counter of a node that calls `onHang` whenever a call begins that has no end. */
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
