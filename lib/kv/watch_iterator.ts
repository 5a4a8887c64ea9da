import { SynodError } from "../errors.ts";
import { onAbort } from "../node/shell.ts";

/** Where the changes of a watch come from. */
export interface WatchSource<C> {
  /** Begins. Calls `wake` when there is news, and `fail` when no more is learned; returns the function that stops it. */
  start(wake: () => void, fail: (error: unknown) => void): () => void;
  /** The next change, which counts as yielded from now on; `undefined`: none. */
  take(): C | undefined;
}

/**
 * Yields the changes of a source. Ends when one of `signals` aborts, with its reason, when the source fails, or when
 * the node closes: with an error unless by `close()`.
 */
export class WatchIterator<C> implements AsyncIterator<C, undefined> {
  readonly #source: WatchSource<C>;
  readonly #signals: readonly AbortSignal[];
  readonly #closing: AbortSignal;
  readonly #stop: () => void;
  readonly #waiting: (() => void)[] = [];
  /** The error of the source. */
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  /** Starts the source. */
  constructor(source: WatchSource<C>, signals: readonly AbortSignal[], closing: AbortSignal) {
    this.#source = source;
    this.#signals = signals;
    this.#closing = closing;
    const wake = () => this.#wake();
    const stopSource = source.start(wake, (error) => {
      this.#failure ??= { error };
      wake();
    });
    const stops = [...signals, closing].map((signal) => onAbort(signal, wake));
    this.#stop = () => {
      stopSource();
      for (const stop of stops) stop();
    };
  }

  /** The next change. */
  async next(): Promise<IteratorResult<C, undefined>> {
    for (;;) {
      const aborted = this.#signals.find((signal) => signal.aborted);
      if (aborted !== undefined && !this.#ended) {
        this.#end();
        throw aborted.reason;
      }
      if (this.#ended || this.#closing.aborted) {
        const { reason } = this.#closing;
        const isLost = !this.#ended && reason instanceof SynodError && reason.code !== "closed";
        this.#end();
        // What follows is not seen, although the program did not close the node.
        if (isLost) throw reason;
        return { done: true, value: undefined };
      }
      const value = this.#source.take();
      if (value !== undefined) return { done: false, value };
      if (this.#failure !== undefined) {
        this.#end();
        throw this.#failure.error;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Stops the watch. */
  return(): Promise<IteratorResult<C, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
