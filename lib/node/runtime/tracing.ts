import type { DropReason, TraceEvent, UntimedEvent } from "../../trace.ts";
import type { Runtime } from "./runtime.ts";

export type { DropReason };

/** Called with each event of a node. */
export type TraceListener = (event: TraceEvent) => void;

/**
 * Who listens to the decisions of a node. Each site that reports one costs a single check while there is no
 * listener: `tracing.emit?.(…)` evaluates no argument then.
 */
export class Tracing {
  /** Present while there is a listener. */
  emit: ((event: UntimedEvent) => void) | undefined;
  readonly #listeners = new Set<TraceListener>();
  readonly #runtime: Runtime;
  readonly #failed: (error: unknown) => void;

  /** Without listeners; `failed` is called with what a listener throws. */
  constructor(runtime: Runtime, failed: (error: unknown) => void) {
    this.#runtime = runtime;
    this.#failed = failed;
  }

  /** Calls `listener` with each event from now on; returns the function that ends it. */
  listen(listener: TraceListener): () => void {
    this.#listeners.add(listener);
    this.emit = (event) => this.#tell(event);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.emit = undefined;
    };
  }

  /** An error of a listener, thrown or rejected, concerns nothing else in the node. */
  #tell(untimed: UntimedEvent): void {
    // Each site makes a new object for each event.
    const event = untimed as TraceEvent;
    event.at = this.#runtime.wallNow();
    for (const listener of this.#listeners) {
      try {
        const result: unknown = listener(event);
        if (result instanceof Promise) result.catch(this.#failed);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
