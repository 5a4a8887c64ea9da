/** What a running call knows of itself; see `ChildContext.current`. */
export interface CurrentCall {
  /** The id of the node that calls, or of the guest, with `~` before it. */
  readonly node: string;
  /**
   * Aborts when the caller does not wait for the call any more: its own signal was aborted, its time limit has
   * passed, or its node has closed or is lost.
   */
  readonly signal: AbortSignal;
}

/** Whether the caller still waits for an attempt. */
export class Cancellation {
  /** Made when it is asked for: most methods do not listen. */
  #controller: AbortController | undefined;
  #isCancelled = false;

  /** Whether the caller does not wait any more. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Aborts when the caller does not wait any more. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isCancelled) this.#controller.abort(cancelled());
    return this.#controller.signal;
  }

  /** The caller does not wait any more. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#controller?.abort(cancelled());
  }
}

function cancelled(): DOMException {
  return new DOMException("The caller does not wait for this call any more", "AbortError");
}
